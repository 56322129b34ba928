"""Metrics as lines of text: COCO's table, VOC's numbers, and each class."""

from collections.abc import Sequence

from boxwright.formats.sample import ClassName
from boxwright.metrics.detection import VOC_OVERLAP, DetectionMetrics

# (name, metric, IoU, area, most detections) in COCO's order.
ROWS = (
    ("AP", "Average Precision", "0.50:0.95", "all", 100),
    ("AP50", "Average Precision", "0.50", "all", 100),
    ("AP75", "Average Precision", "0.75", "all", 100),
    ("APs", "Average Precision", "0.50:0.95", "small", 100),
    ("APm", "Average Precision", "0.50:0.95", "medium", 100),
    ("APl", "Average Precision", "0.50:0.95", "large", 100),
    ("ARmax1", "Average Recall", "0.50:0.95", "all", 1),
    ("ARmax10", "Average Recall", "0.50:0.95", "all", 10),
    ("ARmax100", "Average Recall", "0.50:0.95", "all", 100),
    ("ARs", "Average Recall", "0.50:0.95", "small", 100),
    ("ARm", "Average Recall", "0.50:0.95", "medium", 100),
    ("ARl", "Average Recall", "0.50:0.95", "large", 100),
)


def metrics_table(metrics: DetectionMetrics, classes: Sequence[ClassName]) -> str:
    """COCO's twelve numbers, VOC's and a line for each class; -1 is "undefined", as COCO writes it."""
    lines = [
        f"{name:9}{metric:18} IoU={iou:9} area={area:6} maxDets={most:3}  {getattr(metrics, name):7.4f}"
        for name, metric, iou, area, most in ROWS
    ]
    lines.append(f"{'VOC07':9}mean average precision, 11 points, IoU=0.50            {metrics.VOC07:7.4f}")
    lines.append(f"{'VOC12':9}mean average precision, all points, IoU=0.50           {metrics.VOC12:7.4f}")
    if metrics.overlap_threshold != VOC_OVERLAP:
        what = f"mean average precision, all points, IoU={metrics.overlap_threshold:.2f}"
        lines.append(f"{'mAP':9}{what:55}{metrics.mAP:7.4f}")
    width = max([len("class"), *(len(one.name) for one in classes)])
    lines += ["", f"{'class':{width}}  {'boxes':>7}  {'AP':>7}  {'AP50':>7}"]
    for one in metrics.classes:
        lines.append(f"{classes[one.label].name:{width}}  {one.boxes:7}  {one.AP:7.4f}  {one.AP50:7.4f}")
    return "\n".join(lines)
