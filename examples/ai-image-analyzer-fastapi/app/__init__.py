"""An image analyser behind API Gateway: an image in, its format, size, colours and histogram out."""
