/*
 * The ceremony that is rehearsed (4.12, 3.10): twelve cards, the crypto units of an instance.
 *
 * ca-1 makes the zone, ca-2 is its backup. ep11-1 and ep11-3 hold the keys of two administrators,
 * ep11-5, ep11-7 and ep11-9 the three key parts; the card with the next number is the backup of
 * each.
 */
#include "simulator/officers-ceremony.h"

#include <string.h>

/* clang-format off */
#define ENROLL(card) { "Enroll " card, "card enroll", { { "ca-1" }, { card } }, { NULL } }
#define PERSONALIZE(card, text)                                                                    \
    { "Personalise " card, "card personalize", { { NULL }, { card } }, { text } }
#define CARD(card, text) ENROLL(card), PERSONALIZE(card, text)
#define COPY(from, to) { "Copy " from " to " to, "card copy", { { from }, { to } }, { NULL } }
/* clang-format on */

static const SimOfficersTask card_tasks[] = {
    { "Create the zone with ca-1",
      "zone create",
      { { "ca-1" }, { NULL } },
      { "Rehearsal zone", "CA card" } },
    { "Back up the CA card to ca-2",
      "zone backup",
      { { "ca-1" }, { "ca-2" } },
      { "CA card, backup" } },
    CARD("ep11-1", "Administrator 1"),
    CARD("ep11-2", "Administrator 1, backup"),
    CARD("ep11-3", "Administrator 2"),
    CARD("ep11-4", "Administrator 2, backup"),
    CARD("ep11-5", "Key part 1"),
    CARD("ep11-6", "Key part 1, backup"),
    CARD("ep11-7", "Key part 2"),
    CARD("ep11-8", "Key part 2, backup"),
    CARD("ep11-9", "Key part 3"),
    CARD("ep11-10", "Key part 3, backup"),
    { "Signature key of administrator 1",
      "card generate-signature-key",
      { { NULL }, { "ep11-1" } },
      { "Administrator 1" } },
    COPY("ep11-1", "ep11-2"),
    { "Signature key of administrator 2",
      "card generate-signature-key",
      { { NULL }, { "ep11-3" } },
      { "Administrator 2" } },
    COPY("ep11-3", "ep11-4"),
    { "Key part 1", "card generate-key-part", { { NULL }, { "ep11-5" } }, { "Part 1" } },
    COPY("ep11-5", "ep11-6"),
    { "Key part 2", "card generate-key-part", { { NULL }, { "ep11-7" } }, { "Part 2" } },
    COPY("ep11-7", "ep11-8"),
    { "Key part 3", "card generate-key-part", { { NULL }, { "ep11-9" } }, { "Part 3" } },
    COPY("ep11-9", "ep11-10"),
};

#define ADMINISTRATORS                                                                             \
    {                                                                                              \
        "ep11-1", "ep11-3"                                                                         \
    }

static const SimOfficersTask unit_tasks[] = {
    { "Find the crypto units", "cryptounits", { { NULL }, { NULL } }, { NULL } },
    { "Select all crypto units", "cryptounit-add", { { NULL }, { NULL } }, { SIM_OFFICERS_UNITS } },
    { "Compare the crypto units", "cryptounit-compare", { { NULL }, { NULL } }, { NULL } },
    { "Add administrator 1 to all units",
      "cryptounit-admin-add",
      { { "ep11-1" }, { NULL } },
      { NULL } },
    { "Add administrator 2 to all units",
      "cryptounit-admin-add",
      { { "ep11-3" }, { NULL } },
      { NULL } },
    { "Set both thresholds to 2, leave imprint mode",
      "cryptounit-thrhld-set",
      { ADMINISTRATORS, { NULL } },
      { "2", "2" } },
    { "Load three key parts",
      "cryptounit-mk-load",
      { ADMINISTRATORS, { "ep11-5", "ep11-7", "ep11-9" } },
      { "3", "Part 1", "Part 2", "Part 3" } },
    { "Commit the new master key", "cryptounit-mk-commit", { ADMINISTRATORS, { NULL } }, { NULL } },
    { "Make it the current master key",
      "cryptounit-mk-setimm",
      { ADMINISTRATORS, { NULL } },
      { NULL } },
    { "Compare the crypto units", "cryptounit-compare", { { NULL }, { NULL } }, { NULL } },
};

const SimOfficersTask *
sim_officers_ceremony_get_card_tasks(size_t *n)
{
    *n = G_N_ELEMENTS(card_tasks);
    return card_tasks;
}

const SimOfficersTask *
sim_officers_ceremony_get_unit_tasks(size_t *n)
{
    *n = G_N_ELEMENTS(unit_tasks);
    return unit_tasks;
}

SimOfficersTask
sim_officers_ceremony_for_units(const SimOfficersTask *task, const char *units)
{
    SimOfficersTask result = *task;

    for (unsigned i = 0; i < SIM_OFFICERS_ANSWERS_MAX && result.answers[i] != NULL; i++) {
        if (strcmp(result.answers[i], SIM_OFFICERS_UNITS) == 0) {
            result.answers[i] = units;
        }
    }
    return result;
}
