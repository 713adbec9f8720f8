"""Lines of text to objects: syslog, InfluxDB's line protocol, and the log of snmptrapd.

Pure functions over bounded text; the mapping language uses them as steps. Read `syslog`, `line_protocol`, `snmptrapd`.

May import: nothing of ours.
"""
