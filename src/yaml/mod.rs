//! YAML: parsing stored values, printing objects.
