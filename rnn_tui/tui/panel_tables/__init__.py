"""The numbers behind each panel as tables, for those who take them home: `PanelSpec.table`."""
