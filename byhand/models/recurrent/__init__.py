"""Recurrent networks: an RNN, an LSTM, and the translator that brought attention."""
