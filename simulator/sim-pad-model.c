/*
 * What keypads refuse (PC/SC part 10, 2.5.2 and 2.5.3; sim-pad-model.inc).
 */
#include "simulator/sim-pad-model.h"

#include <glib.h>
#include <string.h>

#define ANY SIM_PAD_MESSAGES_ANY
#define DEFAULT_MESSAGES 0xFFu
#define INDEX_MAX 2u
#define ASK_CURRENT 0x02u

#define MODEL(word, vendor, product, display, conditions, tells, least, most, verify, modify,      \
              indices, short_only, source)                                                         \
    { word,                                                                                        \
      (vendor),                                                                                    \
      (product),                                                                                   \
      (display),                                                                                   \
      (conditions),                                                                                \
      (tells),                                                                                     \
      (least),                                                                                     \
      (most),                                                                                      \
      (verify),                                                                                    \
      (modify),                                                                                    \
      SIM_PAD_INDICES_##indices,                                                                   \
      (short_only) },
static const SimPadModel models[] = {
#include "simulator/sim-pad-model.inc"
};
#undef MODEL

const SimPadModel *
sim_pad_model_find(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
        if (strcmp(models[i].word, word) == 0) {
            return &models[i];
        }
    }
    return NULL;
}

static bool
takes_messages(const SimPadModel *model, const SimPadForm *form)
{
    const uint8_t only = form->modify ? model->modify_messages : model->verify_messages;

    if (only != ANY) {
        return form->messages == only;
    }
    return form->messages <= (form->modify ? 3 : 1) || form->messages == DEFAULT_MESSAGES;
}

/* How many message indices the structure has to get right. */
static unsigned
count_indices(const SimPadModel *model, const SimPadForm *form)
{
    if (!form->modify) {
        return form->messages == 1 ? 1 : 0;
    }
    if (model->indices != SIM_PAD_INDICES_ALLOWED) {
        return G_N_ELEMENTS(form->indices);
    }
    return form->messages == DEFAULT_MESSAGES ? 0 : form->messages;
}

static bool
takes_indices(const SimPadModel *model, const SimPadForm *form)
{
    const uint8_t first = (form->confirm & ASK_CURRENT) != 0 ? 0 : 1;
    const unsigned entries = 3u - first;

    for (unsigned i = 0; i < count_indices(model, form); i++) {
        if (form->indices[i] > INDEX_MAX) {
            return false;
        }
        if (form->modify && model->indices == SIM_PAD_INDICES_ZERO && form->indices[i] != 0) {
            return false;
        }
        if (form->modify && model->indices == SIM_PAD_INDICES_ORDERED && i < entries &&
            form->indices[i] != first + i) {
            return false;
        }
    }
    return true;
}

bool
sim_pad_model_takes(const SimPadModel *model, const SimPadForm *form)
{
    return form->condition != 0 && (form->condition & ~model->conditions) == 0 &&
           (model->most == 0 || (form->least >= model->least && form->most <= model->most)) &&
           takes_messages(model, form) && takes_indices(model, form);
}
