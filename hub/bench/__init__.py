"""Measurements behind `moodsync bench`: paired with a yardstick in the same run, medians told."""
