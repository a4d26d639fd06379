"""Pictures asked for, watched and kept on a page: what is behind it, and the page itself, which needs Gradio."""
