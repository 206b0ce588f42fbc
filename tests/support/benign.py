"""
Logs of other programs, troubled ones included: nothing in them is about OpenClaw.

Each kind is a list of messages as the program writes them, with holes for numbers and names, and a way to write a line. A
seeded generator fills the holes and the times, so that the corpus is the same everywhere and holds nobody's data.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

LINES = 400
"""Lines of each kind."""
START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
_HOLE = re.compile(r"<(\w+)>")
_HOLES: dict[str, Callable[[random.Random], str]] = {
    "pid": lambda r: str(r.randint(300, 99_999)),
    "n": lambda r: str(r.randint(1, 50)),
    "big": lambda r: str(r.randint(10_000, 9_000_000)),
    "ms": lambda r: str(r.randint(1, 30_000)),
    "port": lambda r: str(r.choice([22, 80, 443, 3000, 5432, 6379, 8080, 51234])),
    "ip": lambda r: f"192.0.2.{r.randint(1, 254)}",
    "user": lambda r: r.choice(["root", "admin", "deploy", "www-data", "backup"]),
    "hex": lambda r: f"{r.getrandbits(48):012x}",
    "pkg": lambda r: r.choice(["libssl3t64:amd64", "nginx:amd64", "tzdata:all", "curl:amd64", "nodejs:amd64"]),
    "ver": lambda r: f"{r.randint(1, 9)}.{r.randint(0, 20)}.{r.randint(0, 9)}-{r.randint(1, 4)}",
    "unit": lambda r: r.choice(["backup", "postgresql@17-main", "nginx", "grafana", "mailer", "snapd", "docker"]),
    "proc": lambda r: r.choice(["postgres", "java", "chrome", "python3", "mysqld", "clamd"]),
    "path": lambda r: r.choice(["/", "/index.html", "/api/v1/items", "/login", "/ws", "/health", "/static/app.js"]),
    "status": lambda r: r.choice(
        ["200", "204", "301", "304", "400", "401", "403", "404", "429", "499", "500", "502", "503"]
    ),
}

KERNEL = """\
Linux version 6.12.48+deb13-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian
usb 1-<n>: new high-speed USB device number <n> using xhci_hcd
EXT4-fs (sda<n>): mounted filesystem with ordered data mode. Quota mode: none.
EXT4-fs error (device sdb1): ext4_find_entry:1683: inode #<big>: comm <proc>: reading directory lblock 0
blk_update_request: I/O error, dev sdb, sector <big> op 0x0:(READ) flags 0x80700 phys_seg <n> prio class 0
e1000e 0000:00:19.0 eno1: NIC Link is Down
e1000e 0000:00:19.0 eno1: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx
TCP: request_sock_TCP: Possible SYN flooding on port <port>. Sending cookies.
<proc> invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0
oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/system.slice/<unit>.service,task=<proc>,pid=<pid>,uid=112
Out of memory: Killed process <pid> (<proc>) total-vm:<big>kB, anon-rss:<big>kB, file-rss:0kB, shmem-rss:0kB, UID:112 pgtables:<big>kB oom_score_adj:0
oom_reaper: reaped process <pid> (<proc>), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB
<proc>[<pid>]: segfault at 0 ip 00007f<hex> sp 00007ffd<hex> error 4 in libc.so.6[7f<hex>+195000]
INFO: task <proc>:<pid> blocked for more than 120 seconds.
audit: type=1400 audit(1763618400.123:<n>): apparmor="DENIED" operation="open" profile="snap.firefox" name="/etc/shadow" pid=<pid>
[UFW BLOCK] IN=eth0 OUT= MAC=00:00:5e:00:53:01 SRC=<ip> DST=192.0.2.1 LEN=60 TTL=52 PROTO=TCP SPT=<port> DPT=<port> SYN
PM: suspend entry (deep)
clocksource: timekeeping watchdog on CPU<n>: Marking clocksource 'tsc' as unstable because the skew is too large:
"""
SYSTEMD = """\
Started <unit>.service - Some other service.
Stopping <unit>.service - Some other service...
<unit>.service: Deactivated successfully.
<unit>.service: Main process exited, code=exited, status=1/FAILURE
<unit>.service: Main process exited, code=killed, status=9/KILL
<unit>.service: Failed with result 'exit-code'.
<unit>.service: Failed with result 'oom-kill'.
<unit>.service: A process of this unit has been killed by the OOM killer.
<unit>.service: Scheduled restart job, restart counter is at <n>.
<unit>.service: Start request repeated too quickly.
<unit>.service: State 'stop-sigterm' timed out. Killing.
<unit>.service: Killing process <pid> (<proc>) with signal SIGKILL.
<unit>.service: start operation timed out. Terminating.
<unit>.service: Watchdog timeout (limit 3min)!
<unit>.service: Consumed <n>.<n>s CPU time, <n>M memory peak.
Failed to start <unit>.service - Some other service.
Reached target multi-user.target - Multi-User System.
Dependency failed for <unit>.service.
"""
SSHD = """\
Failed password for invalid user <user> from <ip> port <port> ssh2
Accepted publickey for <user> from <ip> port <port> ssh2: ED25519 SHA256:<hex>
Connection closed by authenticating user root <ip> port <port> [preauth]
error: maximum authentication attempts exceeded for <user> from <ip> port <port> ssh2 [preauth]
Received disconnect from <ip> port <port>:11: Bye Bye [preauth]
error: kex_exchange_identification: Connection closed by remote host
pam_unix(sshd:session): session opened for user <user>(uid=1000) by (uid=0)
fatal: Timeout before authentication for <ip> port <port>
error: Bind to port 22 on 0.0.0.0 failed: Address already in use.
"""
CRON = """\
(<user>) CMD (   cd / && run-parts --report /etc/cron.hourly)
(root) CMD (/usr/local/bin/backup --token "$BACKUP_TOKEN" >/dev/null 2>&1)
pam_unix(cron:session): session closed for user root
(<user>) FAILED to authorize user with PAM (Authentication token is no longer valid; new one required)
(CRON) info (No MTA installed, discarding output)
(<user>) WRONG FILE OWNER (crontabs/<user>)
"""
DPKG = """\
status half-configured <pkg> <ver>
status installed <pkg> <ver>
upgrade <pkg> <ver> <ver>
trigproc man-db:amd64 2.13.1-1 <none>
configure <pkg> <ver> <none>
startup archives unpack
conffile /etc/nginx/nginx.conf keep
"""
APT = """\
Log started: 2026-11-20  06:25:01
Unpacking <pkg> (<ver>) over (<ver>) ...
Setting up <pkg> (<ver>) ...
E: Failed to fetch http://deb.debian.org/debian/pool/main/c/curl/curl_<ver>_amd64.deb  404  Not Found [IP: <ip> 80]
W: Some index files failed to download. They have been ignored, or old ones used instead.
E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process <pid> (apt)
dpkg: error processing package <pkg> (--configure):
 installed <pkg> package post-installation script subprocess returned error exit status 1
Err:<n> https://deb.nodesource.com/node_22.x nodistro InRelease
  Temporary failure resolving 'deb.nodesource.com'
"""
NGINX_ERROR = """\
<pid>#<pid>: *<n> connect() failed (111: Connection refused) while connecting to upstream, client: <ip>, server: example.org, request: "GET <path> HTTP/1.1", upstream: "http://127.0.0.1:<port><path>", host: "example.org"
<pid>#<pid>: *<n> upstream timed out (110: Connection timed out) while reading response header from upstream, client: <ip>, server: example.org, request: "POST <path> HTTP/2.0"
<pid>#<pid>: *<n> upstream prematurely closed connection while reading response header from upstream, client: <ip>
<pid>#<pid>: *<n> limiting requests, excess: 20.500 by zone "api", client: <ip>, server: example.org
<pid>#<pid>: *<n> user "<user>": password mismatch, client: <ip>, server: example.org
<pid>#<pid>: *<n> SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking, client: <ip>
<pid>#<pid>: bind() to 0.0.0.0:80 failed (98: Address already in use)
<pid>#<pid>: *<n> client intended to send too large body: <big> bytes, client: <ip>
<pid>#<pid>: signal 15 (SIGTERM) received from 1, exiting
<pid>#<pid>: *<n> writev() failed (28: No space left on device) while sending to client
"""
APACHE_ERROR = """\
[mpm_event:notice] [pid <pid>] AH00489: Apache/2.4.65 (Debian) configured -- resuming normal operations
[proxy:error] [pid <pid>] (111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:<port> (localhost) failed
[authz_core:error] [pid <pid>] [client <ip>:<port>] AH01630: client denied by server configuration: /var/www/html/.git
[proxy_http:error] [pid <pid>] [client <ip>:<port>] AH01102: error reading status line from remote server localhost:<port>
[ssl:warn] [pid <pid>] AH01909: www.example.org:443:0 server certificate does NOT include an ID which matches the server name
[core:error] [pid <pid>] [client <ip>:<port>] AH00126: Invalid URI in request GET /../../etc/passwd HTTP/1.1
[mpm_event:notice] [pid <pid>] AH00491: caught SIGTERM, shutting down
"""
POSTGRES = """\
LOG:  database system is ready to accept connections
LOG:  checkpoint complete: wrote <n> buffers (0.1%); write=<n>.1 s, sync=0.004 s, total=<n>.2 s
FATAL:  password authentication failed for user "<user>"
FATAL:  sorry, too many clients already
FATAL:  the database system is starting up
ERROR:  relation "sessions" does not exist at character <n>
ERROR:  could not extend file "base/16384/<big>": No space left on device
ERROR:  deadlock detected
ERROR:  canceling statement due to statement timeout
ERROR:  duplicate key value violates unique constraint "messages_pkey"
LOG:  server process (PID <pid>) was terminated by signal 9: Killed
LOG:  terminating any other active server processes
LOG:  could not receive data from client: Connection reset by peer
LOG:  received fast shutdown request
WARNING:  database "app" has a collation version mismatch
PANIC:  could not write to file "pg_wal/xlogtemp.<pid>": No space left on device
"""
REDIS = """\
* Ready to accept connections tcp
# WARNING Memory overcommit must be enabled! Without it, a background save or replication may fail under low memory condition.
# Can't save in background: fork: Cannot allocate memory
* DB saved on disk
# MISCONF Errors writing to the AOF file: No space left on device
# User requested shutdown...
* Connection with replica <ip>:<port> lost.
# Connection with master lost.
* MASTER <-> REPLICA sync started
# Error condition on socket for SYNC: Connection refused
# Redis is now ready to exit, bye bye...
# Could not create server TCP listening socket *:6379: bind: Address already in use
"""
NPM = """\
npm warn deprecated glob@7.2.3: Glob versions prior to v9 are no longer supported
npm error code ERESOLVE
npm error ERESOLVE unable to resolve dependency tree
npm error code ENOTFOUND
npm error syscall getaddrinfo
npm error network request to https://registry.npmjs.org/left-pad failed, reason: getaddrinfo ENOTFOUND registry.npmjs.org
npm error code EACCES
npm error Error: EACCES: permission denied, mkdir '/usr/local/lib/node_modules/typescript'
npm error code E401
npm error Unable to authenticate, need: Basic realm="npm"
npm error code ELIFECYCLE
npm error A complete log of this run can be found in: /home/demo/.npm/_logs/2026-11-20T06_25_01_123Z-debug-0.log
added <n> packages, and audited <n> packages in <n>s
<n> vulnerabilities (1 moderate, 2 high)
12 silly fetch manifest express@^5.1.0
13 http fetch GET 200 https://registry.npmjs.org/express <ms>ms (cache miss)
(node:<pid>) [DEP0040] DeprecationWarning: The `punycode` module is deprecated. Please use a userland alternative instead.
(node:<pid>) MaxListenersExceededWarning: Possible EventEmitter memory leak detected. 11 close listeners added to [Socket].
(node:<pid>) ExperimentalWarning: SQLite is an experimental feature and might change at any time
Server listening on port <port>
GET <path> <status> <ms>.123 ms - <n>
[nodemon] app crashed - waiting for file changes before starting...
[vite] http proxy error: <path>
"""
NODE_APP = """\
request completed
connection to database lost, retrying in <n>s
token expired for user <user>
job <n> failed: Request failed with status code <status>
websocket closed
websocket closed with code 1006
rate limit exceeded for <ip>
health check failed: connect ECONNREFUSED 127.0.0.1:<port>
shutting down gracefully
login failed: invalid password for <user>
config reloaded
upstream timeout after <ms>ms
session <hex> terminated
webhook delivery to https://example.org/hook failed with <status>
"""
JAVA = """\
INFO  [main] o.s.b.w.e.tomcat.TomcatWebServer : Tomcat started on port <port> (http) with context path '/'
WARN  [scheduling-1] c.z.h.pool.ProxyConnection : HikariPool-1 - Connection marked as broken because of SQLSTATE(08006), ErrorCode(0)
ERROR [http-nio-<n>] o.a.c.c.C.[.[.[/].[dispatcherServlet] : Servlet.service() threw exception [Request processing failed]
java.lang.OutOfMemoryError: Java heap space
\tat org.example.Worker.run(Worker.java:<n>)
Caused by: java.net.SocketTimeoutException: Connect timed out
INFO  [SpringApplicationShutdownHook] c.z.h.HikariDataSource : HikariPool-1 - Shutdown completed.
"""
DAEMONS = """\
NetworkManager[<pid>]: <warn>  [1763618400.1234] device (wlan0): link timed out.
wpa_supplicant[<pid>]: wlan0: CTRL-EVENT-DISCONNECTED bssid=00:00:5e:00:53:02 reason=<n>
dockerd[<pid>]: time="2026-11-20T06:25:01.123456789Z" level=error msg="Handler for POST /v1.51/containers/<hex>/start returned error: driver failed programming external connectivity: Bind for 0.0.0.0:<port> failed: port is already allocated"
containerd[<pid>]: time="2026-11-20T06:25:01Z" level=warning msg="cleaning up dead shim" id=<hex> namespace=moby
postfix/smtp[<pid>]: <hex>: to=<user@example.org>, relay=none, delay=<n>, dsn=4.4.1, status=deferred (connect to mx.example.org[<ip>]:25: Connection timed out)
dovecot[<pid>]: imap-login: Disconnected: Connection closed (auth failed, 3 attempts in <n> secs): user=<user>, rip=<ip>
named[<pid>]: client @0x<hex> <ip>#<port> (example.org): query failed (SERVFAIL) for example.org/IN/A
chronyd[<pid>]: System clock wrong by <n>.123 seconds
systemd-timesyncd[<pid>]: Contacted time server <ip>:123 (0.debian.pool.ntp.org).
systemd-resolved[<pid>]: Using degraded feature set UDP instead of UDP+EDNS0 for DNS server <ip>.
tailscaled[<pid>]: magicsock: derp-<n> does not know about peer [<hex>], removing route
fail2ban.actions[<pid>]: NOTICE [sshd] Ban <ip>
signal-desktop[<pid>]: socket closed, reconnecting
mosquitto[<pid>]: Client <hex> has exceeded timeout, disconnecting.
prometheus[<pid>]: ts=2026-11-20T06:25:01.123Z level=warn component="scrape manager" msg="Error on ingesting samples" err="context deadline exceeded"
telegraf[<pid>]: 2026-11-20T06:25:01Z E! [agent] Error writing to outputs.influxdb: 401 Unauthorized
slapd[<pid>]: conn=<n> op=1 RESULT tag=97 err=49 text=
bluetoothd[<pid>]: src/service.c:btd_service_connect() a2dp-sink profile connect failed: Device or resource busy
"""


def corpus(seed: int = 20) -> dict[str, str]:
    """Every log by its file name."""
    syslog = {"kern.log": ("kernel", KERNEL), "auth.log": ("sshd[<pid>]", SSHD), "cron.log": ("CRON[<pid>]", CRON)}
    logs = {name: _lines(seed, text, _syslog(tag)) for name, (tag, text) in syslog.items()}
    logs["syslog"] = _lines(seed, DAEMONS, _syslog("")) + _lines(seed, SYSTEMD, _syslog("systemd[1]"))
    logs["journal-iso.log"] = _lines(seed, KERNEL + SYSTEMD, _iso)
    logs["journal.json"] = _lines(seed, SYSTEMD, _journal)
    logs["dpkg.log"] = _lines(seed, DPKG, lambda at, said, _: f"{at:%Y-%m-%d %H:%M:%S} {said}")
    logs["apt-term.log"] = _lines(seed, APT, _bare)
    logs["nginx-access.log"] = _lines(seed, "-", _access)
    logs["nginx-error.log"] = _lines(seed, NGINX_ERROR, lambda at, said, _: f"{at:%Y/%m/%d %H:%M:%S} [error] {said}")
    logs["apache-error.log"] = _lines(seed, APACHE_ERROR, lambda at, said, _: f"[{at:%a %b %d %H:%M:%S.%f %Y}] {said}")
    logs["postgresql.log"] = _lines(seed, POSTGRES, lambda at, said, _: f"{at:%Y-%m-%d %H:%M:%S}.123 UTC [812] {said}")
    logs["redis.log"] = _lines(seed, REDIS, lambda at, said, _: f"912:M {at:%d %b %Y %H:%M:%S}.123 {said}")
    logs["npm.log"] = _lines(seed, NPM, _bare)
    logs["node-app.json"] = _lines(seed, NODE_APP, _winston)
    logs["node-app-pino.json"] = _lines(seed, NODE_APP, _pino)
    logs["node-app.log"] = _lines(seed, NODE_APP, lambda at, said, level: f"{at.isoformat()} [{level}] {said}")
    logs["spring.log"] = _lines(seed, JAVA, lambda at, said, _: f"{at:%Y-%m-%d %H:%M:%S}.123  {said}")
    return logs


def _lines(seed: int, messages: str, write: Callable[[datetime, str, str], str]) -> str:
    chance = random.Random(seed)
    return "".join(f"{line}\n" for line in _written(chance, messages.splitlines(), write))


def _written(chance: random.Random, messages: list[str], write: Callable[[datetime, str, str], str]) -> Iterator[str]:
    at = START
    for index in range(LINES):
        at += timedelta(seconds=chance.expovariate(1 / 20))
        message = messages[index] if index < len(messages) else chance.choice(messages)
        line = write(at, message, chance.choice(["info", "info", "warn", "error"]))
        yield _HOLE.sub(lambda hole: _HOLES[hole[1]](chance) if hole[1] in _HOLES else hole[0], line)


def _syslog(tag: str) -> Callable[[datetime, str, str], str]:
    mark = f"{tag}: " if tag else ""
    return lambda at, said, _: f"{at:%b %e %H:%M:%S} box {mark}{said}"


def _iso(at: datetime, said: str, _: str) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S+0000} box systemd[1]: {said}"


def _bare(_at: datetime, said: str, _level: str) -> str:
    return said


def _access(at: datetime, _said: str, _level: str) -> str:
    agent = '"https://example.org/" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"'
    return f'<ip> - - [{at:%d/%b/%Y:%H:%M:%S +0000}] "GET <path> HTTP/1.1" <status> <big> {agent}'


def _journal(at: datetime, said: str, level: str) -> str:
    priority = {"info": "6", "warn": "4", "error": "3"}[level]
    stamp = str(int(at.timestamp() * 1_000_000))
    entry = {"__REALTIME_TIMESTAMP": stamp, "_HOSTNAME": "box", "SYSLOG_IDENTIFIER": "systemd", "PRIORITY": priority}
    return json.dumps({**entry, "MESSAGE": said})


def _winston(at: datetime, said: str, level: str) -> str:
    return json.dumps({"level": level, "message": said, "service": "shop", "timestamp": at.isoformat()})


def _pino(at: datetime, said: str, level: str) -> str:
    number = {"info": 30, "warn": 40, "error": 50}[level]
    stamp = int(at.timestamp() * 1000)
    return json.dumps({"level": number, "time": stamp, "pid": 4711, "hostname": "box", "msg": said})
