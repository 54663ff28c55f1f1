"""The official wandb client's side of the server; nothing but the route table is loaded before its first request."""
