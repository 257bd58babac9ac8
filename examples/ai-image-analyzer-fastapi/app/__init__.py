"""An image analyser behind API Gateway: an image in, its format, size, colors and histogram out."""
