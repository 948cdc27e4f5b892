/*
 * A virtual crypto unit: one request in, one signed answer out, the state saved in between
 * (crypto-unit-protocol.md, 2.6, 2.13 and 5.6).
 */
#include "simulator/sim-unit-internal.h"

#include <openssl/x509.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/ec-key.h"
#include "simulator/sim-store.h"

static const char *const type_names[] = { "operational", "recovery", "failover" };
static const char *const key_names[] = { "current master key", "pending master key" };

SimUnit *
sim_unit_new(const SimUnitConfig *config, SimUnitState *state)
{
    SimUnit *unit = g_new0(SimUnit, 1);

    g_mutex_init(&unit->lock);
    unit->hsm_id = g_strdup(config->hsm_id);
    unit->instance_id = g_strdup(config->instance_id);
    unit->location = g_strdup(config->location);
    unit->path = g_strdup(config->path);
    unit->type = config->type;
    unit->module_index = config->module_index;
    unit->domain = config->domain;
    unit->module = config->module;
    unit->options = config->options;
    unit->state = state;
    return unit;
}

void
sim_unit_free(SimUnit *unit)
{
    if (unit == NULL) {
        return;
    }
    g_free(unit->hsm_id);
    g_free(unit->instance_id);
    g_free(unit->location);
    g_free(unit->path);
    sim_unit_state_free(unit->state);
    g_mutex_clear(&unit->lock);
    g_free(unit);
}

void
sim_unit_count(SimUnit *unit)
{
    g_mutex_lock(&unit->lock);
    unit->n_requests++;
    g_mutex_unlock(&unit->lock);
}

bool
sim_unit_save(const SimUnit *unit, const SimUnitState *state, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    sim_store_add_text(builder, "note", SIM_STORE_NOTE);
    sim_store_add_text(builder, "hsm_id", unit->hsm_id);
    if (!sim_unit_state_to_json(state, builder, error)) {
        return false;
    }
    json_builder_end_object(builder);
    return sim_store_save(builder, unit->path, error);
}

/* Saves the state and only then puts it in force. Takes it. */
static bool
replace_state(SimUnit *unit, SimUnitState *next, GError **error)
{
    g_autoptr(SimUnitState) taken = next;

    if (!sim_unit_save(unit, next, error)) {
        return false;
    }
    sim_unit_state_free(unit->state);
    unit->state = g_steal_pointer(&taken);
    return true;
}

/* Runs a query on the state or a command on a copy of it. */
static bool
execute(SimUnit *unit, SimCommand *command, SimCode *code, GError **error)
{
    g_autoptr(SimUnitState) next = NULL;

    if ((command->block->command & SIM_QUERY_BIT) != 0) {
        command->state = unit->state;
        *code = sim_unit_run(command);
        return true;
    }
    next = sim_unit_state_dup(unit->state, error);
    if (next == NULL) {
        return false;
    }
    command->state = next;
    *code = sim_unit_run(command);
    if (SIM_REFUSED(*code)) {
        return true;
    }
    memcpy(next->counter, command->block->counter.data, SIM_COUNTER_LEN);
    return replace_state(unit, g_steal_pointer(&next), error);
}

/* One less; a counter of zero stays. */
static void
decrement(uint8_t counter[static SIM_COUNTER_LEN])
{
    static const uint8_t zero[SIM_COUNTER_LEN];

    if (memcmp(counter, zero, SIM_COUNTER_LEN) == 0) {
        return;
    }
    for (size_t i = SIM_COUNTER_LEN; i-- > 0 && counter[i]-- == 0;) {
    }
}

/* As if another client had sent a command just after this answer. */
static bool
pass_counter(SimUnit *unit, GError **error)
{
    SimUnitState *next = sim_unit_state_dup(unit->state, error);

    if (next == NULL) {
        return false;
    }
    for (size_t i = SIM_COUNTER_LEN; i-- > 0 && ++next->counter[i] == 0;) {
    }
    return replace_state(unit, next, error);
}

static void
fill_answer(const SimUnit *unit, const SimCommand *command, SimAnswer *answer)
{
    answer->command = command->block->command;
    sim_module_get_id(unit->module, answer->module_id);
    if (!command->card_level) {
        answer->domain = unit->domain;
        answer->instance = unit->state->instance;
        memcpy(answer->counter, unit->state->counter, sizeof answer->counter);
    }
}

/* What an answer that lies says. */
static void
falsify(SimAnswer *answer, SimFaultKind kind)
{
    switch (kind) {
    case SIM_FAULT_STALE_COUNTER:
        decrement(answer->counter);
        break;
    case SIM_FAULT_WRONG_SERIAL:
        answer->module_id[SIM_SERIAL_LEN - 1] ^= 0x01;
        break;
    case SIM_FAULT_WRONG_MODULE:
        answer->module_id[SIM_MODULE_ID_LEN - 1] ^= 0x01;
        break;
    case SIM_FAULT_WRONG_DOMAIN:
        answer->instance ^= 1;
        break;
    case SIM_FAULT_WRONG_COMMAND:
        answer->command ^= 1;
        break;
    default:
        break;
    }
}

/* Executes under the lock and fills answer; output keeps what the answer borrows. */
static bool
run(SimUnit *unit, SimCommand *command, const SimFault *fault, SimAnswer *answer, GError **error)
{
    TkeByteBuilder reason = tke_byte_builder_into(command->output, 4);
    SimCode code = SIM_CODE(fault->return_code, fault->reason_code);
    bool ok = true;

    g_mutex_lock(&unit->lock);
    if (fault->kind != SIM_FAULT_CODE) {
        ok = execute(unit, command, &code, error);
    }
    if (ok) {
        fill_answer(unit, command, answer);
    }
    if (ok && fault->kind == SIM_FAULT_STALE_COUNTER) {
        ok = pass_counter(unit, error);
        memcpy(answer->counter, unit->state->counter, sizeof answer->counter);
    }
    g_mutex_unlock(&unit->lock);
    if (SIM_REFUSED(code)) {
        g_byte_array_set_size(command->output, 0);
        if (code.reason != SIM_RSC_NONE) {
            tke_byte_builder_u32(&reason, code.reason);
        }
    }
    if (fault->kind == SIM_FAULT_OTHER_PART && command->output->len > TKE_VP_LEN) {
        command->output->data[command->output->len - TKE_VP_LEN] ^= 0x01; /* of the last part */
    } else if (fault->kind == SIM_FAULT_NO_PARTS && command->output->len > TKE_VP_LEN) {
        g_byte_array_set_size(command->output, TKE_VP_LEN); /* of the whole key */
    }
    answer->return_code = code.return_code;
    answer->output = command->output->data;
    answer->output_len = command->output->len;
    falsify(answer, fault->kind);
    return ok;
}

/* The SignerInfos of a block, as a fault wants them. */
static GByteArray *
sign(const SimUnit *unit, const GByteArray *block, SimFaultKind fault, GError **error)
{
    g_autoptr(GByteArray) other = NULL;

    if (fault == SIM_FAULT_NO_SIGNATURE) {
        return g_byte_array_new();
    }
    if (fault == SIM_FAULT_BAD_SIGNATURE) { /* right in form, over other bytes */
        other = g_byte_array_new();
        g_byte_array_append(other, block->data, block->len);
        other->data[other->len - 1] ^= 0x01;
        block = other;
    }
    return sim_module_sign(unit->module, block, unit->options->long_lengths, error);
}

static GByteArray *
process_admin(SimUnit *unit, const SimMessage *message, const SimBlock *request,
              const SimFault *fault, GError **error)
{
    bool long_lengths = unit->options->long_lengths;
    g_autoptr(GByteArray) output = g_byte_array_new();
    g_autoptr(GByteArray) block = NULL;
    g_autoptr(GByteArray) signatures = NULL;
    SimCommand command = { .unit = unit, .message = message, .block = request, .output = output };
    SimAnswer answer = { 0 };

    if (fault->kind == SIM_FAULT_FORGED_CHAIN) {
        command.chain = SIM_CHAIN_OTHER_ROOT;
    } else if (fault->kind == SIM_FAULT_FORGED_ROOT) {
        command.chain = SIM_CHAIN_FORGED_ROOT;
    }
    if (!run(unit, &command, fault, &answer, error)) {
        return NULL;
    }
    block = sim_message_build_block(&answer, long_lengths);
    signatures = sign(unit, block, fault->kind, error);
    if (signatures == NULL) {
        return NULL;
    }
    return sim_message_build_admin_rsp(message, SIM_RC_OK, block, signatures, long_lengths);
}

/* Nobody signs this answer: whoever stands between can put into it what they like. */
static GByteArray *
process_info(SimUnit *unit, const SimMessage *message, SimFaultKind fault)
{
    GByteArray *info = NULL;

    g_mutex_lock(&unit->lock);
    info = sim_unit_info(unit, unit->state, message, fault);
    g_mutex_unlock(&unit->lock);
    return info;
}

GByteArray *
sim_unit_process(SimUnit *unit, TkeByteCursor payload, const SimFault *fault, GError **error)
{
    SimMessage message = { .ordinal = 1, .function = SIM_FUNCTION_ADMIN, .domain = unit->domain };
    SimBlock block = { 0 };
    uint32_t outer = sim_message_parse(payload, &message);

    if (outer == SIM_RC_OK &&
        (fault->kind == SIM_FAULT_OUTER_CODE ||
         (fault->kind == SIM_FAULT_CODE && message.function == SIM_FUNCTION_INFO))) {
        outer = fault->return_code;
    }
    if (outer == SIM_RC_OK && message.function == SIM_FUNCTION_INFO) {
        return process_info(unit, &message, fault->kind);
    }
    if (outer == SIM_RC_OK && message.domain != unit->domain) {
        outer = SIM_RC_DOMAIN;
    }
    if (outer == SIM_RC_OK && !sim_message_parse_block(message.block, &block)) {
        outer = SIM_RC_DATA;
    }
    if (outer != SIM_RC_OK) {
        return message.function == SIM_FUNCTION_INFO
                   ? sim_message_build_info_rsp(&message, outer, NULL, 0, false)
                   : sim_message_build_admin_rsp(&message, outer, NULL, NULL, false);
    }
    return process_admin(unit, &message, &block, fault, error);
}

const char *
sim_unit_get_hsm_id(const SimUnit *unit)
{
    return unit->hsm_id;
}

const char *
sim_unit_get_instance_id(const SimUnit *unit)
{
    return unit->instance_id;
}

const char *
sim_unit_get_location(const SimUnit *unit)
{
    return unit->location;
}

const char *
sim_unit_get_serial(const SimUnit *unit)
{
    return sim_module_get_serial(unit->module);
}

SimUnitType
sim_unit_get_type(const SimUnit *unit)
{
    return unit->type;
}

const char *
sim_unit_get_type_name(const SimUnit *unit)
{
    return type_names[unit->type];
}

unsigned
sim_unit_get_domain(const SimUnit *unit)
{
    return unit->domain;
}

unsigned
sim_unit_get_n_requests(SimUnit *unit)
{
    unsigned n = 0;

    g_mutex_lock(&unit->lock);
    n = unit->n_requests;
    g_mutex_unlock(&unit->lock);
    return n;
}

uint32_t
sim_unit_get_attribute(SimUnit *unit, unsigned index)
{
    uint32_t value = 0;

    g_return_val_if_fail(index >= 1 && index <= SIM_ATTRIBUTES, 0);
    g_mutex_lock(&unit->lock);
    value = unit->state->attributes[index];
    g_mutex_unlock(&unit->lock);
    return value;
}

unsigned
sim_unit_get_n_admins(SimUnit *unit)
{
    unsigned n = 0;

    g_mutex_lock(&unit->lock);
    n = unit->state->admins->len;
    g_mutex_unlock(&unit->lock);
    return n;
}

bool
sim_unit_get_admin_ski(SimUnit *unit, unsigned i, uint8_t ski[static SIM_SKI_LEN])
{
    bool found = false;

    g_mutex_lock(&unit->lock);
    if (i < unit->state->admins->len) {
        const SimAdmin *admin = g_ptr_array_index(unit->state->admins, i);

        memcpy(ski, admin->ski, SIM_SKI_LEN);
        found = true;
    }
    g_mutex_unlock(&unit->lock);
    return found;
}

void
sim_unit_get_counter(SimUnit *unit, uint8_t counter[static SIM_COUNTER_LEN])
{
    g_mutex_lock(&unit->lock);
    memcpy(counter, unit->state->counter, SIM_COUNTER_LEN);
    g_mutex_unlock(&unit->lock);
}

void
sim_unit_get_vp(SimUnit *unit, SimRegisterId which, uint8_t vp[static TKE_VP_LEN])
{
    g_mutex_lock(&unit->lock);
    memcpy(vp, unit->state->registers[which].vp, TKE_VP_LEN);
    g_mutex_unlock(&unit->lock);
}

bool
sim_unit_is_committed(SimUnit *unit)
{
    bool committed = false;

    g_mutex_lock(&unit->lock);
    committed = unit->state->registers[SIM_REGISTER_PENDING].committed;
    g_mutex_unlock(&unit->lock);
    return committed;
}

TkeSecret *
sim_unit_dup_key(SimUnit *unit, SimRegisterId which, GError **error)
{
    const SimRegister *reg = NULL;
    TkeSecret *key = NULL;

    g_mutex_lock(&unit->lock);
    reg = &unit->state->registers[which];
    if (reg->key != NULL) {
        key = tke_secret_new_slice(reg->key, 0, SIM_KEY_LEN, error);
    }
    g_mutex_unlock(&unit->lock);
    return key;
}

bool
sim_unit_visit_secrets(SimUnit *unit, SimSecretVisitor visit, void *data, GError **error)
{
    g_autoptr(TkeSecret) epoch = sim_module_dup_scalar(unit->module, error);
    g_autoptr(TkeSecret) importer = NULL;
    bool ok = epoch != NULL;

    g_mutex_lock(&unit->lock);
    if (tke_ec_key_is_p521(unit->state->importer)) {
        importer = tke_ec_key_dup_scalar(unit->state->importer, error);
        ok = ok && importer != NULL;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(key_names); i++) {
        const TkeSecret *key = unit->state->registers[i].key;

        if (key != NULL) {
            visit(key_names[i], tke_secret_bytes(key, NULL), tke_secret_len(key), data);
        }
    }
    g_mutex_unlock(&unit->lock);
    if (epoch != NULL) {
        visit("module key", tke_secret_bytes(epoch, NULL), tke_secret_len(epoch), data);
    }
    if (importer != NULL) {
        visit("importer key", tke_secret_bytes(importer, NULL), tke_secret_len(importer), data);
    }
    return ok;
}
