/*
 * A world, its tke-sim and a pcscd of the test's own: what the test process does with libpcsclite,
 * and the programs it starts, reaches the world's readers and nothing else.
 *
 * tke-sim and pcscd end with the test, however it ends. A test program says private_pcscd_main()
 * instead of test_main(): where no pcscd can be started it is skipped and says why; in CI (CI is
 * set) that is a failure.
 */
#pragma once

#include <check.h>
#include <glib.h>

#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-pcscd.h"

#define PRIVATE_PCSCD_READER_1 "OpenTKE Virtual PIN Pad Reader 00 00"
#define PRIVATE_PCSCD_READER_2 "OpenTKE Virtual PIN Pad Reader 01 00"
/* In the scenario; the world adds its mark. */
#define PRIVATE_PCSCD_SERIAL_1 "V0000001"
#define PRIVATE_PCSCD_SERIAL_2 "V0000002"

typedef struct PrivatePcscd {
    char *world;
    pid_t sim;             /* 0: none */
    TkeSimClient *control; /* NULL while sim is 0 */
    SimPcscd *pcscd;       /* stop and start it with sim_pcscd_stop and sim_pcscd_start */
} PrivatePcscd;

/* What main does and returns. */
int private_pcscd_main(const char *name, void (*add)(TCase *tests));

/*
 * A new world with a pcscd. Both may be NULL: options, words for "tke-sim start" ("--profile
 * J3R180"). Without a scenario among them it has one reader pair and cards with their applets
 * installed (pcsc/scenario.json).
 */
PrivatePcscd *private_pcscd_enter(const SimPcscdOptions *options, const char *words);

/* An empty directory, for a tke-sim of the test's own; pcscd is started by
 * private_pcscd_start_pcscd. */
PrivatePcscd *private_pcscd_enter_empty(void);
void private_pcscd_start_pcscd(PrivatePcscd *place, const SimPcscdOptions *options);

/* Ends both; pcscd has neither complained of memory errors nor of a fault of GLib's. */
void private_pcscd_leave(PrivatePcscd *place);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrivatePcscd, private_pcscd_leave)

void private_pcscd_start_sim(PrivatePcscd *place, const char *words);
void private_pcscd_kill_sim(PrivatePcscd *place, int signal_number);

/* Stops a process, and waits until all its threads stand: until then they may still answer.
 * SIGCONT lets it go on. */
void private_pcscd_halt(pid_t pid);

/* With which the serial numbers of this world's readers end. The caller frees. */
char *private_pcscd_dup_mark(const PrivatePcscd *place);

/* What a hand does; it must succeed. */
void private_pcscd_insert(PrivatePcscd *place, unsigned reader, const char *card);
void private_pcscd_remove(PrivatePcscd *place, unsigned reader);

/* A control command as JSON, which must succeed. */
void private_pcscd_command(PrivatePcscd *place, const char *json);

/*
 * Runs a program with its words (as a shell splits them), led to this pcscd; its exit code. What
 * it printed on both outputs is in *output; the caller frees. More than 60 s fail the test.
 */
int private_pcscd_run(PrivatePcscd *place, const char *line, char **output);

/*
 * Is a program of others on this machine? If not, the test says that it leaves that part out, and
 * why; in CI it fails.
 */
bool private_pcscd_has_program(const char *name);
