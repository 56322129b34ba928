"""What evaluations leave for people: samples during training, and a folder with every figure and error at its end."""
