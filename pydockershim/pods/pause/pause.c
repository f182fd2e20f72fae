/*
 * pause: the first process of a pod sandbox, and the owner of the pod's namespaces.
 *
 * It lives as long as the pod and does nothing, with two exceptions. Where the pod's containers
 * share its pid namespace it is that namespace's init: every orphan becomes its child, and stays a
 * zombie until it is waited for. And it ends, with 0, on SIGTERM (how an engine stops a container)
 * and on SIGINT (how a person does).
 *
 * It asks the kernel directly and uses no libc and no header: so it is a few hundred bytes, needs
 * nothing in its image, and one cross compiler without any arm64 library builds it for arm64.
 */

#if defined(__x86_64__)

enum system_call {
    RT_SIGPROCMASK = 14,
    WAIT4 = 61,
    RT_SIGTIMEDWAIT = 128,
    EXIT_GROUP = 231,
};

static long call(enum system_call number, long first, long second, long third, long fourth)
{
    long result;
    register long r10 __asm__("r10") = fourth;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)number), "D"(first), "S"(second), "d"(third), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

enum system_call {
    EXIT_GROUP = 94,
    RT_SIGPROCMASK = 135,
    RT_SIGTIMEDWAIT = 137,
    WAIT4 = 260,
};

static long call(enum system_call number, long first, long second, long third, long fourth)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register long x1 __asm__("x1") = second;
    register long x2 __asm__("x2") = third;
    register long x3 __asm__("x3") = fourth;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

#else
#error "pause knows the system calls of x86-64 and arm64 only"
#endif

/* The kernel's own values, the same on both architectures. */
enum { SIGINT = 2, SIGTERM = 15, SIGCHLD = 17 };
enum { SIG_BLOCK = 0, WNOHANG = 1, EINTR = 4 };
enum { ANY_CHILD = -1, NOWHERE = 0, FOREVER = 0 };

#define ONLY(signal) (1UL << ((signal) - 1))

/* The kernel's signal set, which is not the libc's: 64 bits, no more. */
static const unsigned long handled = ONLY(SIGINT) | ONLY(SIGTERM) | ONLY(SIGCHLD);

_Noreturn static void end(int status)
{
    for (;;)
        call(EXIT_GROUP, status, 0, 0, 0);
}

/* A seccomp profile may forbid a call. An exit code that is the error's number tells the engine's
 * user so; going on would be a loop that burns a core. */
static long must(long result)
{
    if (result < 0 && result != -EINTR)
        end((int)-result);
    return result;
}

/* Pending signals of one kind count once, so one SIGCHLD may stand for many children. */
static void reap_children(void)
{
    while (call(WAIT4, ANY_CHILD, NOWHERE, WNOHANG, NOWHERE) > 0)
        ;
}

/* The signals are blocked for good and fetched one at a time. A handler could run between the look
 * for zombies and the sleep, and leave one behind; a blocked signal stays pending until it is
 * fetched. It also reaches an init, for which the kernel drops what is neither handled nor blocked.
 *
 * The entry point is a plain function: it wants no arguments, never returns, and is built without
 * vector registers, so the stack's alignment, which a C runtime would see to, does not matter. */
_Noreturn void _start(void)
{
    must(call(RT_SIGPROCMASK, SIG_BLOCK, (long)&handled, NOWHERE, sizeof handled));
    for (;;) {
        reap_children();
        long signal =
            must(call(RT_SIGTIMEDWAIT, (long)&handled, NOWHERE, FOREVER, sizeof handled));
        if (signal == SIGTERM || signal == SIGINT)
            end(0);
    }
}
