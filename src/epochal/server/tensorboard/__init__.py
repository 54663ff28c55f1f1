"""TensorBoard's own data routes over log directories, for scripts that ask a TensorBoard server."""
