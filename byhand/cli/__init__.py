"""The command line: options in, sentences and tables out; the work is done elsewhere."""
