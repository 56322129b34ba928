"""A detector as one ONNX file."""

from boxwright.export.onnx.detector import export_onnx as export_onnx
