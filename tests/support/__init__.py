"""What tests share: oracles, planted mistakes, made-up classes, and ways to call the command line."""
