"""Starts ministack with sequence numbers as Kinesis has them: 56 digits, the first of them no zero. Its own begin with zeros, which no
sequence number of Kinesis does, and which the engine refuses to read."""

from ministack import app
from ministack.services import kinesis

padded = kinesis._next_sequence_number
kinesis._next_sequence_number = lambda: "49" + padded().rjust(54, "0")

app.main()
