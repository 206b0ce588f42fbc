"""Advice that several commands print."""

SILENT_PRODUCER = """\
The producer is silent: no log line has arrived, which is not the same as a healthy gateway.
If the gateway is down, `openclaw logs` writes only to standard error. Try:
  openclaw logs --follow 2>&1 | loganalyzer      hands over its errors as well
  openclaw gateway status                        tells whether the gateway runs
  loganalyzer analyze /tmp/openclaw              reads the log files themselves"""
