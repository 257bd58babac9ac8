"""Calls to AWS: the only importer of botocore; answers values of kernel and records."""
