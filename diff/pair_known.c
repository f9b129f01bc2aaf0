/* See pair_known.h. */
#include "pair_known.h"

#include "tree_path.h"

#include <stdlib.h>
#include <strings.h>

const char *const pair_known_name[PAIR_KNOWN_KINDS] = {[PAIR_KNOWN_TOKEN] = "token",
                                                       [PAIR_KNOWN_ID] = "id",
                                                       [PAIR_KNOWN_HOST] = "host",
                                                       [PAIR_KNOWN_RULE] = "rule",
                                                       [PAIR_KNOWN_NEW] = "new id"};

/* ---- places ---- */

/* What stands at a place on one side. */
struct spot {
    uint32_t node;
    struct tree_attribute *attribute; /* NULL: the node's own value */
    const char *name;                 /* of the attribute, interned */
};

static bool find_spot(struct tree *tree, uint32_t node, const char *attribute, struct spot *spot)
{
    *spot = (struct spot){.node = node};
    if (node >= tree->count)
        return false;
    const struct tree_node *of = tree_at(tree, node);
    if (of->marks & (TREE_IGNORED | TREE_MASKED))
        return false;
    if (!attribute)
        return of->size == 1 && of->kind != TREE_LITERAL && of->attributes_count == 0;
    spot->name = tree_interned(tree->names, attribute, strlen(attribute));
    spot->attribute = spot->name ? tree_find_attribute(tree, node, spot->name) : NULL;
    return spot->attribute && !(spot->attribute->marks & (TREE_IGNORED | TREE_MASKED));
}

static struct tree_text value_of(const struct tree *tree, const struct spot *spot)
{
    return spot->attribute ? spot->attribute->value : tree_at(tree, spot->node)->value;
}

static struct tree_text shown_of(const struct tree *tree, const struct spot *spot)
{
    return spot->attribute ? tree_attribute_shown(spot->attribute) : tree_shown(tree, spot->node);
}

static void add_place(struct pair_use *use, struct tree_paths *paths, const struct tree *tree,
                      const struct spot *spot, const struct pair_known *known,
                      const struct tree_text value[SIDES])
{
    struct buffer path = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (!paths->tree)
        tree_paths_init(paths, tree);
    tree_path(&path, paths, spot->node, spot->name);
    struct pair_place *place = &use->places[use->place_count++];
    *place = (struct pair_place){.known = known,
                                 .path = arena_copy_bytes(&use->arena, path.data, path.length)};
    for (int side = 0; side < SIDES; side++)
        place->value[side] = (struct tree_text){
            arena_copy_bytes(&use->arena, value[side].at ? value[side].at : "", value[side].length),
            value[side].length};
    use->counts[known->kind]++;
    buffer_free(&path);
}

/* The target is given what the source has, so that no difference is found there. */
static void take_as_equal(struct pair_use *use, struct tree *const trees[SIDES],
                          const struct pair_known *known, struct tree_paths *paths)
{
    struct spot spot[SIDES];
    struct tree_text shown[SIDES];
    for (int side = 0; side < SIDES; side++)
        if (!find_spot(trees[side], known->node[side], known->attribute, &spot[side]))
            return;
    const struct tree_node *source = tree_at(trees[SOURCE], spot[SOURCE].node);
    const struct tree_node *target = tree_at(trees[TARGET], spot[TARGET].node);
    if (source->kind != target->kind || source->name != target->name)
        return;
    for (int side = 0; side < SIDES; side++)
        shown[side] = shown_of(trees[side], &spot[side]);
    struct tree_text value = value_of(trees[SOURCE], &spot[SOURCE]);
    struct tree_text other = value_of(trees[TARGET], &spot[TARGET]);
    if (known->kind == PAIR_KNOWN_RULE && value.length == other.length &&
        (!value.length || memcmp(value.at, other.at, value.length) == 0))
        return; /* the rules of this comparison say the same */
    if (!value.at)
        value.at = "";
    if (spot[TARGET].attribute)
        tree_replace_attribute(trees[TARGET], spot[TARGET].attribute, value.at, value.length);
    else
        tree_replace(trees[TARGET], spot[TARGET].node, value.at, value.length);
    add_place(use, paths, trees[TARGET], &spot[TARGET], known, shown);
}

static bool apply(void *context, enum content_type type, struct tree *const trees[SIDES],
                  size_t *masked, struct err *err)
{
    struct pair_use *use = context;
    const struct pair_judgement *judgement = use->judgement;
    struct tree_paths paths = {0};
    if (use->rules.apply && !use->rules.apply(use->rules.context, type, trees, masked, err))
        return false;
    if (!judgement || !judgement->known_count)
        return true;
    use->unfit = type != judgement->type || trees[SOURCE]->count != judgement->nodes[SOURCE] ||
                 trees[TARGET]->count != judgement->nodes[TARGET];
    if (use->unfit)
        return true;
    use->places = mem_zero(judgement->known_count, sizeof *use->places);
    for (size_t i = 0; i < judgement->known_count; i++)
        take_as_equal(use, trees, &judgement->known[i], &paths);
    if (paths.tree)
        tree_paths_free(&paths);
    return true;
}

struct compare_rules pair_known_for_compare(struct pair_use *use)
{
    return (struct compare_rules){.apply = apply, .context = use};
}

void pair_known_counts(const struct pair_use *use, struct buffer *out)
{
    const char *before = "";
    for (int kind = 0; kind < PAIR_KNOWN_KINDS; kind++)
        if (use->counts[kind]) {
            buffer_printf(out, "%s%zu %s%s", before, use->counts[kind], pair_known_name[kind],
                          use->counts[kind] == 1 ? "" : "s");
            before = ", ";
        }
}

void pair_use_free(struct pair_use *use)
{
    free(use->places);
    arena_free(&use->arena);
    *use = (struct pair_use){0};
}

/* ---- headers ---- */

bool pair_header_differs(const struct pair_judgement *judgement, const char *name,
                         const char *value)
{
    static const char cookie[] = "Set-Cookie ";
    bool is_cookie = strcasecmp(name, "Set-Cookie") == 0;
    size_t length = is_cookie && value ? strcspn(value, "=;") : 0;
    bool nameless = is_cookie && value && value[length] != '=';
    for (size_t i = 0; i < judgement->header_count; i++) {
        const char *one = judgement->headers[i];
        if (!is_cookie && strcasecmp(one, name) == 0)
            return true;
        if (!is_cookie || !value || strncmp(one, cookie, sizeof cookie - 1) != 0)
            continue;
        one += sizeof cookie - 1;
        if (nameless && *one == '(') /* "(a cookie without a name)" */
            return true;
        if (strncmp(one, value, length) == 0 && (one[length] == '\0' || one[length] == ';'))
            return true;
    }
    return false;
}
