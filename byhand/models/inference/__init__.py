"""What is done with a trained model: how it is computed faster or smaller, and what is read off it."""
