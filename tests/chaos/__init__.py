"""Many classes through a Zoom that fails, webhooks that get lost, and trackers that are killed.

    python -m tests.chaos --classes 5000 --database postgresql --seed 1

lessons.py   what happens in the classes, minute by minute
school.py    the classes, in the database and at the practice Zoom, and how they are held
trackers.py  two trackers, who kills them, and the one address in front of them
hurried_tracker.py  the tracker, with leases that end sooner
outcomes.py  what the practice Zoom knows of each class, and what the database has of it
storm.py     all of it together, and the report
"""
