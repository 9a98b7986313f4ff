"""Models of meaning in the ONNX format: which files they are, and the runtime that they need.

Not here: what is done with vectors (`bot.meaning`).
"""
