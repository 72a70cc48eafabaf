"""The session between the engine and the screen: a trainer in a thread of its own.

worker            the session itself: its thread, the queue of commands, the newest snapshot
commands          the commands that the screen sends
command_handler   carries them out
pacing            does the session's work in slices
lock_step         keeps the second network at the place of the first
state             the state that these parts share
snapshot          what the screen shows, immutable
snapshot_builder  copies it out of the trainer
source            what the screens need of a session, so that its snapshots may come from elsewhere
"""
