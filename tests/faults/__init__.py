"""Kill things while a recording is uploaded and encoded; it must end ready without help (`make faults`)."""
