"""What `learned` needs: features, a sample of all nodes, and trees."""
