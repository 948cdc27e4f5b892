/*
 * What tke-rehearse reads of a program: events, a line each, and what it prints. The people do
 * what the events ask for. The desk is in mind only; what is typed goes nowhere.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "simulator/officers-people.h"
#include "tests/fuzz/fuzz-strict.h"
#include "tests/fuzz/fuzz.h"

#define COMMANDS 8u
#define DIGITS 6u

struct SimOfficersDesk {
    const char *card[SIM_OFFICERS_READERS];
};

static const SimOfficersTask task = {
    .title = "fuzz",
    .command = "fuzz",
    .cards = { { "ca-1", "ep11-1" }, { "ep11-1", "ep11-2" } },
    .answers = { "Part", "2", "1 2" },
};

/* ---- officers-desk.h ---- */

const char *
sim_officers_desk_get_card(const SimOfficersDesk *desk, unsigned reader)
{
    FUZZ_REQUIRE(reader >= 1 && reader <= SIM_OFFICERS_READERS);
    return desk->card[reader - 1];
}

bool
sim_officers_desk_insert(SimOfficersDesk *desk, unsigned reader, const char *label,
                         G_GNUC_UNUSED GError **error)
{
    FUZZ_REQUIRE(reader >= 1 && reader <= SIM_OFFICERS_READERS && label != NULL);
    desk->card[reader - 1] = label;
    return true;
}

bool
sim_officers_desk_remove(SimOfficersDesk *desk, unsigned reader, G_GNUC_UNUSED GError **error)
{
    FUZZ_REQUIRE(reader >= 1 && reader <= SIM_OFFICERS_READERS);
    desk->card[reader - 1] = NULL;
    return true;
}

bool
sim_officers_desk_type(SimOfficersDesk *desk, unsigned reader, const char *digits,
                       G_GNUC_UNUSED GError **error)
{
    FUZZ_REQUIRE(sim_officers_desk_get_card(desk, reader) != NULL && strlen(digits) == DIGITS);
    return true;
}

/* ---- the program ---- */

static int
descriptor_with(const uint8_t *data, size_t size)
{
    const int fd = memfd_create("events", MFD_CLOEXEC);

    FUZZ_REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t) size && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static void
on_step(const char *what, G_GNUC_UNUSED void *data)
{
    FUZZ_REQUIRE(what != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SimOfficersDesk desk = { { NULL } };
    g_autoptr(SimOfficersPeople) people = sim_officers_people_new(&desk, on_step, NULL);
    g_autoptr(SimOfficersProgram) program = NULL;
    g_autofree char *printed = NULL;

    fuzz_strict();
    program = sim_officers_program_new_for("fuzz", open("/dev/null", O_WRONLY | O_CLOEXEC), -1,
                                           descriptor_with(data, size));
    for (unsigned i = 0; i < COMMANDS; i++) { /* an event that is none ends the one it is of */
        g_autoptr(GError) error = NULL;
        const bool done = sim_officers_people_follow(people, program, &task, &error);

        FUZZ_REQUIRE(done == (error == NULL));
    }
    printed = sim_officers_program_take_output(program);
    FUZZ_REQUIRE(printed != NULL);
    return 0;
}
