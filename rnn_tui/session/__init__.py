"""The session: owns a trainer and the thread it works in. Commands in, immutable snapshots out."""
