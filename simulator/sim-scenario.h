/*
 * Scenario files: what a world is made of when it is new (rehearsal, 4.12; docs/rehearsal.md).
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "simulator/sim-card.h"

#define SIM_SCENARIO_FORMAT 1
#define SIM_SCENARIO_READERS_MAX 16u
#define SIM_SCENARIO_CARDS_MAX 256u

typedef struct SimScenarioReader {
    char *name;
    char *model;
    char *serial;
    char *port;
    char *keypad; /* word of a row of sim-pad-model.inc */
    bool extended_length;
} SimScenarioReader;

typedef struct SimScenarioCard {
    char *label; /* what people call it: letters, digits, '-' */
    SimCardKind kind;
    bool extended_length;
    SimGpState manager; /* what its card manager is like */
} SimScenarioCard;

typedef struct SimScenario {
    char *name;
    char *profile;       /* card timing profile; NULL: none */
    unsigned delay_ms;   /* before each answer of the service */
    GPtrArray *readers;  /* of SimScenarioReader */
    GPtrArray *cards;    /* of SimScenarioCard */
    JsonObject *service; /* account, region, instances with their units: for the service */
    JsonNode *whole;     /* the file as it was read */
} SimScenario;

/* The scenario of a file. TKE_ERROR_FILE, or TKE_ERROR_INVALID_DATA naming file and member. */
SimScenario *sim_scenario_load(const char *path, GError **error);
void sim_scenario_free(SimScenario *scenario);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimScenario, sim_scenario_free)

/* 1 to 30 letters, digits and hyphens: what a card is called, and its file. */
bool sim_scenario_is_label(const char *text);

/* "ca", "ep11" or "none". */
bool sim_scenario_parse_applet(const char *text, SimCardKind *kind, GError **error);

/*
 * The file that a name means: a path, or the name of one of the scenarios that come with the
 * program (NULL: "rehearsal"). The caller frees. None: TKE_ERROR_FILE.
 */
char *sim_scenario_find(const char *name, GError **error);
