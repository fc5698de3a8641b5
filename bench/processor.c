/* Makes a process believe that it runs on an older or another x86 processor, at full speed.
 *
 * The kernel can be asked to trap the CPUID instruction (arch_prctl, Linux 4.12 and a processor that supports it). The
 * handler executes the real instruction and takes out of the answer what the processor to be emulated does not have.
 * So every library chooses the code that it would choose there, those included that have no setting for it.
 *
 * MAYABOOK_PROCESSOR names one of PROCESSORS. Loaded with LD_PRELOAD by processor.py; children inherit both.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { EAX, EBX, ECX, EDX };
enum { AVX2, AVX512, VNNI, AMX };
#define BIT(n) (1u << (n))
#define ARCH_SET_CPUID 0x1012

static const struct {
  const char *name;
  int level;
  uint32_t amd; /* family, model and stepping; 0: the real, Intel one */
  const char *brand;
} PROCESSORS[] = {
    {"avx2-amd", AVX2, 0x00A20F12, "AMD EPYC 7763 64-Core Processor"},
    {"avx2-intel", AVX2, 0, NULL},
    {"avx512-intel", AVX512, 0, NULL},
    {"vnni-amd", VNNI, 0x00A60F12, "AMD EPYC 9654 96-Core Processor"},
    {"vnni-intel", VNNI, 0, NULL},
    {"amx-intel", AMX, 0, NULL},
};
static const uint32_t AMD_CACHES[4][3] = {
    /* leaf 0x8000001D: type and level, line size and ways, sets less one */
    {0x0121, 0x01C0003F, 63}, {0x0122, 0x01C0003F, 63}, {0x0143, 0x01C0003F, 1023}, {0x0163, 0x03C0003F, 32767}};

static int level;
static uint32_t amd;
static const char *brand;

static long trap(int on) { return syscall(SYS_arch_prctl, ARCH_SET_CPUID, !on); }

static void without_instructions(uint32_t leaf, uint32_t subleaf, uint32_t r[4]) {
  if (leaf == 7 && subleaf == 0) {
    if (level < AMX) r[EDX] &= ~(BIT(22) | BIT(23) | BIT(24) | BIT(25)); /* AMX-BF16, AVX512-FP16, AMX-TILE, AMX-INT8 */
    if (level < VNNI) {
      r[EAX] = 1;
      r[ECX] &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14)); /* VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ */
    }
    if (level < AVX512) {
      r[EBX] &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(28) | BIT(30) | BIT(31)); /* F, DQ, IFMA, CD, BW, VL */
      r[EDX] &= ~(BIT(2) | BIT(3) | BIT(8));                                 /* 4VNNIW, 4FMAPS, VP2INTERSECT */
    }
  }
  if (leaf == 7 && subleaf == 1) {
    if (level < AMX) r[EAX] &= ~BIT(21); /* AMX-FP16 */
    if (level < VNNI) {
      r[EAX] &= ~(BIT(4) | BIT(5) | BIT(23)); /* AVX-VNNI, AVX512-BF16, AVX-IFMA */
      r[EDX] &= ~(BIT(4) | BIT(5) | BIT(10)); /* AVX-VNNI-INT8, AVX-NE-CONVERT, AVX-VNNI-INT16 */
    }
  }
  if (leaf == 0xD && subleaf == 0) { /* registers that the system saves */
    if (level < AMX) r[EAX] &= ~(BIT(17) | BIT(18));
    if (level < AVX512) r[EAX] &= ~(BIT(5) | BIT(6) | BIT(7));
  }
}

static void as_amd(uint32_t leaf, uint32_t subleaf, uint32_t r[4]) {
  if (leaf == 0 || leaf == 0x80000000) {
    memcpy(&r[EBX], "Auth", 4);
    memcpy(&r[EDX], "enti", 4);
    memcpy(&r[ECX], "cAMD", 4);
  }
  if (leaf == 0x80000000) r[EAX] = 0x80000021;
  if (leaf == 1 || leaf == 0x80000001) r[EAX] = amd;
  if (leaf >= 0x80000002 && leaf <= 0x80000004) {
    char text[48] = {0};
    memcpy(text, brand, strnlen(brand, sizeof text));
    memcpy(r, text + 16 * (leaf - 0x80000002), 16);
  }
  if (leaf == 0x8000001D) {
    memset(r, 0, 4 * sizeof *r);
    if (subleaf < 4) memcpy(r, AMD_CACHES[subleaf], 3 * sizeof *r);
  }
}

static void answer(int number, siginfo_t *info, void *given) {
  greg_t *registers = ((ucontext_t *)given)->uc_mcontext.gregs;
  const uint8_t *at = (const uint8_t *)registers[REG_RIP];
  if (info->si_code != SI_KERNEL || at[0] != 0x0F || at[1] != 0xA2) { /* a real fault */
    signal(number, SIG_DFL);
    return;
  }
  uint32_t leaf = registers[REG_RAX], subleaf = registers[REG_RCX], r[4];
  trap(0);
  __asm__ volatile("cpuid" : "=a"(r[EAX]), "=b"(r[EBX]), "=c"(r[ECX]), "=d"(r[EDX]) : "a"(leaf), "c"(subleaf));
  trap(1);
  without_instructions(leaf, subleaf, r);
  if (amd) as_amd(leaf, subleaf, r);
  registers[REG_RAX] = r[EAX];
  registers[REG_RBX] = r[EBX];
  registers[REG_RCX] = r[ECX];
  registers[REG_RDX] = r[EDX];
  registers[REG_RIP] += 2;
}

static int real_sigaction(int number, const struct sigaction *action, struct sigaction *old) {
  int (*next)(int, const struct sigaction *, struct sigaction *) = dlsym(RTLD_NEXT, "sigaction");
  return next(number, action, old);
}

/* Python's fault handler, which pytest turns on, must not take the signal away. */
int sigaction(int number, const struct sigaction *action, struct sigaction *old) {
  if (number == SIGSEGV && action) return 0;
  return real_sigaction(number, action, old);
}

__attribute__((constructor(101))) static void start(void) {
  const char *name = getenv("MAYABOOK_PROCESSOR");
  size_t n = sizeof PROCESSORS / sizeof *PROCESSORS, i = 0;
  while (name && i < n && strcmp(name, PROCESSORS[i].name)) i++;
  if (!name || i == n) {
    fprintf(stderr, "MAYABOOK_PROCESSOR names no processor that is known here\n");
    _exit(70);
  }
  level = PROCESSORS[i].level;
  amd = PROCESSORS[i].amd;
  brand = PROCESSORS[i].brand;
  struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
  real_sigaction(SIGSEGV, &action, NULL);
  if (trap(1)) {
    fprintf(stderr, "This kernel or processor cannot trap CPUID\n");
    _exit(70);
  }
}
