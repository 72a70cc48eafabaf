"""What everything else in the engine is made of: equations, operations, parameters, the tape."""
