# AppArmor for nginx-scratch: reads anything in the container, writes to /dev/shm alone,
# runs nothing but nginx.
#
#   sudo apparmor_parser -r -W conf/deploy/apparmor.profile     # again after each boot, or
#   sudo cp conf/deploy/apparmor.profile /etc/apparmor.d/nginx-scratch
#   docker run --security-opt apparmor=nginx-scratch ...
#
# compose.yaml has the line for it. Kubernetes (1.30 and later), on nodes where it is
# loaded: securityContext.appArmorProfile {type: Localhost, localhostProfile: nginx-scratch}.
abi <abi/3.0>,

# Pipes and volumes are disconnected paths in a container.
profile nginx-scratch flags=(attach_disconnected, mediate_deleted) {
  # Files: the image and what is mounted into it. Permissions still apply.
  / r,
  /** r,

  # nginx-entry becomes nginx, and nginx itself when its binary is upgraded.
  /usr/sbin/nginx mrix,
  /usr/sbin/nginx-entry mrix,
  # The image made of Alpine's packages has libraries, and its loader is musl.
  /{usr/,}lib/*.so* mr,

  # All that is written: pid, sockets, uploads, caches. /tmp and /run lead here.
  /dev/shm/ rw,
  /dev/shm/** rwkl,

  # Logs: stdout and stderr are pipes, a terminal or /dev/null.
  /dev/null rw,
  /dev/{pts/[0-9]*,console,tty} rw,
  /{,dev/}pipe:* rw,
  owner /proc/[0-9]*/fd/[0-9]* rw,

  # Not even read: what tells about the machine, and about its memory.
  deny /proc/{kcore,kmem,mem,kallsyms,keys,sysrq-trigger} rwklx,
  deny /sys/firmware/** rwklx,
  deny /sys/kernel/security/** rwklx,

  # TCP, UDP (HTTP/3, stream), and unix sockets: of the master and its workers, and to
  # applications in /dev/shm. For sockets elsewhere, add a line such as /run/app/*.sock rw,
  network inet stream,
  network inet dgram,
  network inet6 stream,
  network inet6 dgram,
  network unix stream,
  network unix dgram,
  unix (create, bind, listen, accept, connect, send, receive, getattr, setattr, getopt, setopt, shutdown) type=stream,
  unix (create, bind, connect, send, receive, getattr, setattr, getopt, setopt, shutdown) type=dgram,

  # The master and its workers signal each other; the engine, all of them.
  signal (send, receive) peer=nginx-scratch,
  signal (receive) peer=unconfined,
  signal (receive) peer={docker,dockerd,containerd,runc,crun},

  # No rule is a refusal: capabilities, mount, ptrace, pivot_root, userns, io_uring.
}
