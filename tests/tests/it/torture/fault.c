/* Runs a program and makes the n-th operation on files below a directory fail, or kills the program
 * there. Counts over all threads and children. Linux on x86-64; see mod.rs beside it.
 *
 * fault MODE N PREFIX LOG PROGRAM [ARGUMENT...]
 *   MODE  count   only count
 *         5 / 28  fail with that errno (EIO, ENOSPC)
 *         kill    SIGKILL before the operation
 *         behind  SIGKILL behind the operation; a write was made by half
 * LOG gets a line "number name path" for each operation, and "hit" when the n-th came.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum kind { FD, PATH0, AT0, WRITE };
static const struct { long number; enum kind kind; const char *name; } CALLS[] = {
    {SYS_open, PATH0, "open"},       {SYS_openat, AT0, "openat"},       {SYS_creat, PATH0, "creat"},
    {SYS_write, WRITE, "write"},     {SYS_pwrite64, WRITE, "pwrite"},   {SYS_writev, FD, "writev"},
    {SYS_pwritev, FD, "pwritev"},    {SYS_fsync, FD, "fsync"},          {SYS_fdatasync, FD, "fdatasync"},
    {SYS_ftruncate, FD, "ftruncate"},{SYS_fallocate, FD, "fallocate"},  {SYS_rename, PATH0, "rename"},
    {SYS_renameat, AT0, "renameat"}, {SYS_renameat2, AT0, "renameat2"}, {SYS_link, PATH0, "link"},
    {SYS_linkat, AT0, "linkat"},     {SYS_unlink, PATH0, "unlink"},     {SYS_unlinkat, AT0, "unlinkat"},
    {SYS_mkdir, PATH0, "mkdir"},     {SYS_mkdirat, AT0, "mkdirat"},     {SYS_fchmod, FD, "fchmod"},
    {SYS_chmod, PATH0, "chmod"},     {SYS_fchown, FD, "fchown"},
};
#define COUNT (sizeof CALLS / sizeof *CALLS)

/* Ends the program, and the child of it that the operation is in. */
static void end(pid_t child, pid_t thread) {
    kill(child, SIGKILL);
    kill(thread, SIGKILL);
}

static void die(const char *what) { perror(what); exit(125); }

static void filter(void) {
    struct sock_filter code[COUNT + 6];
    size_t n = 0;
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, COUNT + 1);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < COUNT; i++)
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS[i].number, COUNT - i, 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    struct sock_fprog program = {.len = n, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("no_new_privs");
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) die("seccomp");
}

static int link_of(pid_t thread, const char *what, char *into) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/%s", thread, what);
    ssize_t length = readlink(name, into, PATH_MAX - 1);
    if (length < 0) return 0;
    into[length] = 0;
    return 1;
}

/* The path that a call is about; 0 when it has none. */
static int path_of(pid_t thread, enum kind kind, struct user_regs_struct *regs, char *into) {
    char name[32], text[PATH_MAX];
    if (kind == FD || kind == WRITE) {
        snprintf(name, sizeof name, "fd/%d", (int)regs->rdi);
        return link_of(thread, name, into);
    }
    unsigned long at = kind == PATH0 ? regs->rdi : regs->rsi;
    size_t done = 0;
    while (done < sizeof text - 1) {
        size_t step = 4096 - (at + done) % 4096;
        if (step > sizeof text - 1 - done) step = sizeof text - 1 - done;
        struct iovec mine = {text + done, step}, its = {(void *)(at + done), step};
        ssize_t got = process_vm_readv(thread, &mine, 1, &its, 1, 0);
        if (got <= 0) return 0;
        if (memchr(text + done, 0, got)) { done += got; break; }
        done += got;
    }
    text[sizeof text - 1] = 0;
    if (text[0] == '/') { strcpy(into, text); return 1; }
    char base[PATH_MAX];
    if (kind == AT0 && (int)regs->rdi != AT_FDCWD) snprintf(name, sizeof name, "fd/%d", (int)regs->rdi);
    else strcpy(name, "cwd");
    if (!link_of(thread, name, base) || strlen(base) + strlen(text) + 2 > PATH_MAX) return 0;
    strcpy(into, base); strcat(into, "/"); strcat(into, text);
    return 1;
}

int main(int argc, char **argv) {
    if (argc < 6) { fputs("fault MODE N PREFIX LOG PROGRAM [ARGUMENT...]\n", stderr); return 125; }
    const char *mode = argv[1], *prefix = argv[3];
    long wanted = atol(argv[2]), seen = 0;
    int error = atoi(mode), kills = !strcmp(mode, "kill"), behind = !strcmp(mode, "behind");
    int log = open(argv[4], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log < 0) die(argv[4]);
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0)) die("traceme");
        raise(SIGSTOP);
        filter();
        execvp(argv[5], argv + 5);
        die(argv[5]);
    }
    int status, code = 125, entered = 0;
    if (waitpid(child, &status, 0) != child) die("waitpid");
    if (ptrace(PTRACE_SETOPTIONS, child, 0,
               PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                   PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL))
        die("setoptions");
    ptrace(PTRACE_CONT, child, 0, 0);
    pid_t thread;
    while ((thread = waitpid(-1, &status, __WALL)) > 0) {
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (thread == child) code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int event = status >> 16, signal = event ? 0 : WSTOPSIG(status), next = PTRACE_CONT;
        if (thread == entered && signal == SIGTRAP) { /* the exit of the call to be the last */
            end(child, thread);
            continue;
        }
        /* A new thread begins with a stop; nobody else sends one. */
        if (signal == SIGSTOP || signal == SIGTRAP) signal = 0;
        struct user_regs_struct regs;
        char path[2 * PATH_MAX];
        if (event == PTRACE_EVENT_SECCOMP && !ptrace(PTRACE_GETREGS, thread, 0, &regs)) {
            size_t i = 0;
            while (i < COUNT && CALLS[i].number != (long)regs.orig_rax) i++;
            if (i < COUNT && path_of(thread, CALLS[i].kind, &regs, path) &&
                !strncmp(path, prefix, strlen(prefix))) {
                seen++;
                dprintf(log, "%ld %s %s\n", seen, CALLS[i].name, path + strlen(prefix));
                if (seen == wanted) {
                    dprintf(log, "hit\n");
                    if (kills) { end(child, thread); continue; }
                    if (behind) {
                        if (CALLS[i].kind == WRITE && regs.rdx > 1) {
                            regs.rdx /= 2;
                            ptrace(PTRACE_SETREGS, thread, 0, &regs);
                        }
                        entered = thread;
                        next = PTRACE_SYSCALL;
                    } else if (error) { /* Skips the call; it returns the error. */
                        regs.orig_rax = -1;
                        regs.rax = -error;
                        ptrace(PTRACE_SETREGS, thread, 0, &regs);
                    }
                }
            }
        }
        ptrace(next, thread, 0, signal);
    }
    return code;
}
