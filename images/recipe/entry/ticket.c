#include "entry.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __x86_64__
#define NATIVE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined __riscv && __riscv_xlen == 64
#define NATIVE AUDIT_ARCH_RISCV64
#else
#error "no name for this architecture"
#endif

extern char **environ;

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_HALF(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 4 * (n))
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))

/*
 * Nothing that nginx does needs another program, and running one is what an
 * attacker wants first. But becoming nginx takes an execve, and a filter of
 * system calls has no memory to tell the first from the second. So the first one
 * has a ticket: execve has three arguments, the kernel hands the filter six, and
 * the other three are random numbers. They are forgotten with the memory of this
 * process, and no process can read a filter without capabilities.
 *
 * "docker exec" is a process of the engine's, not of nginx's, and still works.
 * nginx's upgrade by USR2 does not; in a container the image is what is upgraded.
 */
void exec_last(const char *path, char **argv)
{
	uint64_t ticket[3];
	uint32_t half[6];

	if (getrandom(ticket, sizeof ticket, 0) != sizeof ticket) {
		fail_errno("asking for random numbers", NULL);
	}
	for (int i = 0; i < 3; i++) { /* little-endian, as all that are named above */
		half[2 * i] = (uint32_t) ticket[i];
		half[2 * i + 1] = (uint32_t) (ticket[i] >> 32);
	}
	struct sock_filter code[] = {
		/* 0 */ LOAD(arch),
		/* 1 */ IS(NATIVE, 0, 18), /* another architecture has other numbers */
		/* 2 */ LOAD(nr),
		/* 3 */ IS(__NR_execve, 3, 0),
		/* 4 */ IS(__NR_execveat, 15, 0),
		/* 5: the numbers of x32 */ BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 14, 0),
		/* 6 */ BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		/* 7 */ LOAD_HALF(6), IS(half[0], 0, 11),
		/* 9 */ LOAD_HALF(7), IS(half[1], 0, 9),
		/* 11 */ LOAD_HALF(8), IS(half[2], 0, 7),
		/* 13 */ LOAD_HALF(9), IS(half[3], 0, 5),
		/* 15 */ LOAD_HALF(10), IS(half[4], 0, 3),
		/* 17 */ LOAD_HALF(11), IS(half[5], 0, 1),
		/* 19 */ BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		/* 20 */ BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	};
	struct sock_fprog program = {sizeof code / sizeof *code, code};

	/* Where the kernel has no filters, or an emulator in its place, nginx runs
	 * with those locks that there are. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
		(void) prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
	}
	syscall(__NR_execve, path, argv, environ, ticket[0], ticket[1], ticket[2]);
}
