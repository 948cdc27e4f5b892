/*
 * SimService: the virtual crypto units of a world and the cloud endpoint in front of them.
 *
 * A service is made once from the "service" part of a scenario (data/scenarios/README.md) and from
 * then on lives in the folder units/ of the world directory: service.json (what the service is),
 * module-SERIAL.json (keys and certificates of a module) and HSM-ID.json (everything a unit holds).
 * A unit's file is replaced before the answer to the command that changed it leaves. These files
 * hold private keys and master keys of virtual units: rehearsal material, worth nothing.
 *
 * Everything here may be called from any thread. Requests to one unit are executed one after the
 * other, requests to different units at the same time.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/secret.h"
#include "simulator/sim-unit.h"

#define SIM_SERVICE_TOKEN_LIFETIME_S 3600u /* of tokens that ask for no other */

typedef struct SimService SimService;

/*
 * Makes the service of a new world: draws keys and certificates of the modules and of TLS and
 * writes the files. A scenario that makes no sense, or a world that has a service already:
 * TKE_ERROR_INVALID_DATA.
 */
SimService *sim_service_new(JsonObject *scenario_part, const char *world_dir, GError **error);

/* The service of a world that exists. Damaged files: TKE_ERROR_INVALID_DATA, naming the file. */
SimService *sim_service_load(const char *world_dir, GError **error);

/* True if the world has a service: then load, else new. */
bool sim_service_exists(const char *world_dir);

void sim_service_free(SimService *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimService, sim_service_free)

/* What programs learn of the service instead of logging in; borrowed, constant. */
const char *sim_service_get_account(const SimService *service);
const char *sim_service_get_user(const SimService *service);
const char *sim_service_get_region(const SimService *service);
const char *sim_service_get_resource_group(const SimService *service);
size_t sim_service_get_n_instances(const SimService *service);
const char *sim_service_get_instance_id(const SimService *service, size_t i);
const char *sim_service_get_instance_name(const SimService *service, size_t i);

/* PEM of the TLS authority, and of certificate and private key of the server (127.0.0.1,
 * localhost). */
const char *sim_service_get_ca_pem(const SimService *service);
const char *sim_service_get_server_pem(const SimService *service);
const char *sim_service_get_server_key_pem(const SimService *service);

/* Root keys of the modules: one for each generation of modules in the world. */
typedef struct SimRoot {
    const char *name;   /* "CEX5" to "CEX8" */
    uint8_t ski[32];    /* OA identifier: first half of the SHA-512 of the point */
    uint8_t point[133]; /* 04, X, Y */
} SimRoot;

size_t sim_service_get_n_roots(const SimService *service);
void sim_service_get_root(const SimService *service, size_t i, SimRoot *root);

/*
 * The members that tke-sim tells programs of the service: "account", "user", "region",
 * "resource_group", "instances" (array of ids), "module_roots" (array of hex points), "roots"
 * (array of objects with name, ski, x, y), "ca_pem". The builder is inside an object.
 */
void sim_service_describe(const SimService *service, JsonBuilder *builder);

/*
 * A new bearer token that expires after so many seconds (0: SIM_SERVICE_TOKEN_LIFETIME_S): the
 * value of the Authorization header, "Bearer " included, no NUL. Tokens end with the process; the
 * service itself keeps only hashes of them.
 */
TkeSecret *sim_service_new_token(SimService *service, unsigned lifetime_s, GError **error);

/* Ends all tokens now. */
void sim_service_expire_tokens(SimService *service);

/* Milliseconds to wait before each answer; different requests wait at the same time. */
void sim_service_set_delay(SimService *service, unsigned delay_ms);
unsigned sim_service_get_delay(const SimService *service);

/*
 * Sets a fault: {"fault": NAME, …} (sim-service-faults.h tells names and members). A text that is
 * not understood: TKE_ERROR_USAGE.
 */
bool sim_service_fault(SimService *service, JsonObject *fault, GError **error);
void sim_service_clear_faults(SimService *service);

/* Member values of an object: "delay_ms", "requests", "faults", "units" (public values only). */
void sim_service_status(SimService *service, JsonBuilder *builder);

/* The units in listing order: instance after instance, operational, recovery, failover. */
size_t sim_service_get_n_units(const SimService *service);
SimUnit *sim_service_get_unit(const SimService *service, size_t i);
SimUnit *sim_service_find_unit(const SimService *service, const char *hsm_id); /* NULL: none */

/* Requests that came so far, listing included; those of them that have had their effect. */
unsigned sim_service_get_n_requests(const SimService *service);
unsigned sim_service_get_n_done(const SimService *service);

/* One HTTP request, whatever carried it. Texts are borrowed; authorization may be NULL. */
typedef struct SimRequest {
    const char *method; /* "GET", "POST" */
    const char *path;   /* "/v1/tke/…" */
    const char *authorization;
    const uint8_t *body;
    size_t body_len;
} SimRequest;

typedef enum {
    SIM_REPLY_ANSWER, /* status and body */
    SIM_REPLY_CLOSE,  /* close the connection without an answer */
    SIM_REPLY_HOLD,   /* keep the connection and say nothing */
    SIM_REPLY_CUT,    /* announce the body, send half of it, close the connection */
} SimReplyAction;

typedef struct SimReply {
    SimReplyAction action;
    unsigned status;
    const char *content_type; /* constant */
    GByteArray *body; /* NUL-terminated beyond len; NULL unless there is something to send */
} SimReply;

/* Handles one request: checks, changes and saves the unit. Does not wait for the delay. */
void sim_service_handle(SimService *service, const SimRequest *request, SimReply *reply);
void sim_reply_clear(SimReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimReply, sim_reply_clear)
