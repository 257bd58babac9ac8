"""Code that runs in a function's process while its package is optimized, and the helper that stays in the package."""
