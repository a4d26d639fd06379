"""One picture on several machines: tiles are computed on TensorFlow servers."""
