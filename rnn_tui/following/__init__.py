"""Following the presenter: one session drives, others show it live, each on its own screen.

messages          what presenter, server and followers tell each other, and the socket for it
relay             in the server: hands the newest picture to each follower that waits for one
sealed_memory     memory that nobody can change any more, handed from process to process
picture           what travels: a snapshot and the presenter's place on the screen, encoded
presenting        in the presenter's process: makes a picture when somebody waits for it
followed_session  in a follower's process: the snapshots of the presenter's session

A picture is written once, into sealed memory, and only its descriptor goes from process to process.
That costs the same however many follow, and a follower touches only the pages that it draws.
Nothing is queued: the server has the newest picture alone, and a follower has asked for the next
one or has not.
"""
