/*
 * Names of the commands and queries of a crypto unit, as people write them in orders of faults.
 */
#include "simulator/sim-command-name.h"

#include <glib.h>
#include <string.h>

#include "simulator/sim-message.h"

static const struct {
    uint32_t code;
    const char *name;
} names[] = {
#define SIM_COMMAND(code, name, function, signers, imprint, source) { code, name },
#define SIM_QUERY(code, name, function, source) { SIM_QUERY_BIT | (code), "Q_" name },
#include "simulator/sim-unit-commands.inc"
#undef SIM_COMMAND
#undef SIM_QUERY
};

bool
sim_command_name_find(const char *name, uint32_t *code)
{
    g_autofree char *standard = g_ascii_strup(name, -1);

    g_strdelimit(standard, "-", '_');
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i].name, standard) == 0) {
            *code = names[i].code;
            return true;
        }
    }
    return false;
}

const char *
sim_command_name_get(uint32_t code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i].code == code) {
            return names[i].name;
        }
    }
    return NULL;
}

char *
sim_command_name_list(void)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_string_append_printf(text, "%s%s (%u)", i > 0 ? ", " : "", names[i].name, names[i].code);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}
