"""What goes elsewhere: the programme as schedule.json, schedule.xml, CSV and calendars; feeds; archives of an event."""
