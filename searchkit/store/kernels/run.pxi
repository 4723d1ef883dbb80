# One search under way: stems are looked up, nodes made for each segment, and the best of all put in order.

# A node as it is asked for: ``first`` and ``count`` are a slice of the query's words, or ``count`` its children.
cdef struct Step:
    int kind
    uint32_t first
    uint32_t count
    double factor           # of a passage: what its weight is multiplied with
    int64_t having          # how many articles have it; -1: its weight is that of its words
    double weight
    uint32_t distance
    uint32_t scope
    bint ordered
    bint placed             # whether the positions of its words are needed
    uint32_t deep           # levels from here down
    uint32_t since          # of days
    uint32_t until


cdef enum:
    UNKNOWN = 0xFFFFFFFF
    # Nodes are looked at by functions that call themselves for their children.
    DEEPEST = 500

cdef double HEAVIEST = 1e300


cdef struct Hit:
    double score
    uint32_t day            # UNKNOWN while it does not matter
    uint32_t segment
    uint32_t article


cdef int compare_hits(const void *one, const void *other) noexcept nogil:
    cdef const Hit *left = <const Hit *>one
    cdef const Hit *right = <const Hit *>other
    if left.score != right.score:
        return -1 if left.score > right.score else 1
    if left.day != right.day:
        return -1 if left.day > right.day else 1
    if left.segment != right.segment:
        return -1 if left.segment < right.segment else 1
    return -1 if left.article > right.article else 1


@cython.final
cdef class Run:
    """One search under way. What reads the nodes that it is given checks the bounds of every index."""

    cdef Searcher _searcher
    cdef list _stems
    cdef Step *_steps
    cdef uint32_t _step_count
    cdef uint32_t *_words       # numbers of stems, as the steps refer to them
    cdef int32_t *_filters      # for each of these words the number of its filter, or -1
    cdef uint32_t *_nexts       # room for what the nodes keep of each word
    cdef bint _bordered
    cdef uint32_t _word_count
    cdef size_t _word_room
    cdef Py_ssize_t _filter_count
    cdef list _known            # what was found of the stems
    cdef Term **_terms          # of each stem: what the segments know of it
    cdef double *_weights
    cdef uint32_t *_stack
    cdef uint32_t *_children
    cdef Search _search
    cdef Hit *_hits
    cdef size_t _hit_count
    cdef size_t _hit_room
    cdef Py_ssize_t asked       # the segment that is asked
    cdef readonly uint64_t total
    cdef readonly bint tied

    @cython.boundscheck(True)
    def __cinit__(self, Searcher searcher not None, list stems not None, list nodes not None):
        cdef size_t words = 0, count = len(stems), steps = len(nodes)
        self._searcher = searcher
        self._stems = stems
        for kind, operand in nodes:
            words += len(operand) if kind == PHRASE else len(operand[3]) if kind == SPOT else kind == WORD
        self._word_room = words
        self._steps = <Step *>malloc((steps + 1) * sizeof(Step))
        self._words = <uint32_t *>malloc((words + 1) * sizeof(uint32_t))
        self._terms = <Term **>malloc((count + 1) * sizeof(Term *))
        self._weights = <double *>malloc((count + 1) * sizeof(double))
        self._stack = <uint32_t *>malloc((steps + 1) * sizeof(uint32_t))
        self._children = <uint32_t *>malloc((steps + words + 1) * sizeof(uint32_t))
        self._search.cursors = <Cursor *>malloc((words + 1) * sizeof(Cursor))
        self._search.nodes = <Node *>calloc(steps + 1, sizeof(Node))
        self._filters = <int32_t *>malloc((words + 1) * sizeof(int32_t))
        self._nexts = <uint32_t *>malloc((2 * words + 1) * sizeof(uint32_t))
        self._search.filters = <const uint8_t **>calloc(words + 1, sizeof(uint8_t *))
        self._search.filter_sizes = <uint32_t *>calloc(words + 1, sizeof(uint32_t))
        if not (self._steps and self._words and self._terms and self._weights and self._stack
                and self._children and self._search.cursors and self._search.nodes and self._filters
                and self._nexts and self._search.filters and self._search.filter_sizes):
            raise MemoryError
        self._read(nodes)

    def __dealloc__(self):
        cdef uint32_t at
        self._clear()
        if self._search.nodes != NULL:
            for at in range(self._step_count):
                free(self._search.nodes[at].spans)
                free(self._search.nodes[at].first_link)
                free(self._search.nodes[at].links)
        free(self._search.other_spans)
        free(self._search.filters)
        free(self._search.filter_sizes)
        free(self._filters)
        free(self._nexts)
        free(self._search.nodes)
        free(self._search.cursors)
        free(self._children)
        free(self._stack)
        free(self._weights)
        free(self._terms)
        free(self._words)
        free(self._steps)
        free(self._hits)

    cdef _clear(self):
        """Give back what the search of one segment took."""
        free(self._search.best.score)
        free(self._search.best.article)
        free(self._search.sums)
        free(self._search.places)
        free(self._search.lead_places)
        free(self._search.other_places)
        free(self._search.marks)
        self._search.best.score = NULL
        self._search.best.article = NULL
        self._search.sums = NULL
        self._search.places = self._search.lead_places = self._search.other_places = NULL
        self._search.marks = NULL
        self._search.places_room = self._search.marks_room = 0

    @cython.boundscheck(True)
    cdef _read(self, list nodes):
        """Turn the nodes into steps."""
        cdef Step *step
        cdef uint32_t depth = 0, at
        for kind, operand in nodes:
            step = &self._steps[self._step_count]
            memset(step, 0, sizeof(Step))
            step.kind = kind
            step.first = self._word_count
            step.having = -1
            step.factor = 1
            if kind == WORD:
                self._add_word(step, operand, -1)
            elif kind == PHRASE:
                for stem in operand:
                    self._add_word(step, stem, -1)
                if step.count == 0:
                    raise ValueError("a phrase without words")
            elif SPOT <= kind <= TIMES:
                self._read_passage(step, operand)
            elif kind == DAYS:
                step.since, step.until = operand
            elif kind == CHOSEN:
                step.distance = operand
            elif kind != EVERYTHING:
                step.count = operand
                if kind not in (ALL_OF, ANY_OF, ALL_BUT):
                    raise ValueError("a node of no kind")
            if kind not in (WORD, PHRASE, SPOT):
                if step.count > depth or (step.count == 0 and kind not in (EVERYTHING, DAYS, CHOSEN)):
                    raise ValueError("a node without its children")
                depth -= step.count
                self._read_children(step, depth)
            self._stack[depth] = self._step_count
            depth += 1
            self._step_count += 1
        if depth != 1:
            raise ValueError("a tree has one root")

    cdef _read_children(self, Step *step, uint32_t first):
        cdef uint32_t at
        cdef Step *child
        for at in range(first, first + step.count):
            child = &self._steps[self._stack[at]]
            step.deep = max(step.deep, child.deep + 1)
            if ALL_OF <= step.kind <= ALL_BUT:
                continue
            if not SPOT <= child.kind <= EARLY or (step.kind == CLOSE and child.kind != SPOT):
                raise ValueError("what is no passage has no place")
            child.placed = True
        if step.deep > DEEPEST:
            raise ValueError("a tree of too many levels")

    cdef _add_word(self, Step *step, uint32_t stem, int filter_number):
        if stem >= <size_t>len(self._stems) or self._word_count == self._word_room:
            raise ValueError("a node without its stem")
        self._words[self._word_count] = stem
        self._filters[self._word_count] = filter_number
        self._filter_count = max(self._filter_count, <Py_ssize_t>filter_number + 1)
        self._word_count += 1
        step.count += 1

    @cython.boundscheck(True)
    cdef _read_passage(self, Step *step, operand):
        """The operand of a node that is a passage, or counts one."""
        if step.kind == TIMES:
            step.distance = operand
            step.count = 1
            return
        step.factor, step.having = operand[0], operand[1]
        if not 0 <= step.factor <= HEAVIEST:
            raise ValueError("a weight that is none")
        if step.kind == SPOT:
            step.scope = operand[2]
            for stem, number in operand[3]:
                self._add_word(step, stem, number)
                step.placed = step.placed or number >= 0
            step.placed = step.placed or step.scope != ANYWHERE
            if step.count == 0 or (step.having < 0 and step.count > 1):
                raise ValueError("a word without its articles")
            if step.scope > IN_BODY:
                raise ValueError("a scope or unit that is none")
            return
        step.count = operand[2] if step.kind in (CHAIN, UNION, CLOSE) else 1 if step.kind == EARLY else 2
        if step.kind == CLOSE:
            step.distance = operand[3]
            if step.count > MOST_CLOSE:
                raise ValueError("too many words for a passage")
        elif step.kind == EARLY:
            step.distance, step.scope = operand[2], operand[3]
        elif step.kind != CHAIN and step.kind != UNION:
            step.distance, step.ordered = operand[2], operand[3]
            self._bordered = self._bordered or step.kind == WITHIN
        if step.scope > IN_BODY or (step.kind == WITHIN and step.distance > 1):
            raise ValueError("a scope or unit that is none")

    cdef check_lists(self, list wanted, list filters, list chosen):
        """Raise ValueError where a list lacks what the nodes refer to, or what a segment needs."""
        cdef Py_ssize_t segments = len(self._searcher._segments), number
        cdef uint32_t at
        if wanted is not None:
            check_list(wanted, segments)
        if self._filter_count and (filters is None or len(filters) < segments):
            raise ValueError("a list of the query is too short")
        for number in range(segments if self._filter_count else 0):
            check_list(filters[number], self._filter_count)
        for at in range(self._step_count):
            if self._steps[at].kind != CHOSEN:
                continue
            if chosen is None or self._steps[at].distance >= <size_t>len(chosen):
                raise ValueError("a list of the query is too short")
            bits = chosen[self._steps[at].distance]
            check_list(bits, segments)
            for number in range(segments):
                if bits[number] is not None and (
                        len(bits[number]) * 8 < (<Segment>self._searcher._segments[number]).articles):
                    raise ValueError("a bit for each article is needed")

    cdef look_up(self):
        """Find the stems, and have what is known of them brought nearer, of all segments at the same time."""
        cdef Py_ssize_t count = len(self._stems), segments = len(self._searcher._segments), at, segment
        cdef Stem stem
        self._known = []
        for at in range(count):
            stem = self._searcher.known(self._stems[at])
            self._known.append(stem)
            self._terms[at] = stem.terms
        for segment in range(segments):
            for at in range(count):
                fetch_term(&self._terms[at][segment])

    cdef weigh(self):
        """The weight of each stem, its idf times k1 + 1, and of each passage."""
        cdef Py_ssize_t at
        for at in range(len(self._stems)):
            self._weights[at] = self._weight_of((<Stem>self._known[at]).having)
        self._weigh_passages()

    cdef double _weight_of(self, uint64_t having):
        having = min(having, self._searcher._articles)
        return log(1 + (<double>(<int64_t>self._searcher._articles - <int64_t>having) + 0.5)
                   / (having + 0.5)) * (self._searcher._scale.k1 + 1)

    cdef _weigh_passages(self):
        """A passage has the weight of its parts, together; of parts to choose from, that of the commonest."""
        cdef uint32_t at, part, depth = 0
        cdef Step *step
        cdef double weight, other
        for at in range(self._step_count):
            step = &self._steps[at]
            if step.kind not in (WORD, PHRASE, SPOT):
                depth -= step.count
            if step.having >= 0:
                step.weight = self._weight_of(step.having)
            elif step.kind == SPOT:
                step.weight = self._weights[self._words[step.first]]
            elif CHAIN <= step.kind <= EARLY:
                weight = 0
                for part in range(step.count):
                    other = self._steps[self._stack[depth + part]].weight
                    if step.kind != UNION:
                        weight += other
                    elif part == 0 or other < weight:
                        weight = other
                step.weight = weight
            self._stack[depth] = at
            depth += 1

    cdef counts(self):
        return [(<Stem>stem).having for stem in self._known]

    cdef bint enter(self, Py_ssize_t number, uint32_t since, uint32_t until, wanted, int order,
                    uint64_t deadline) except -1:
        """Have the columns of a segment at hand; False where no article passes the filters."""
        cdef Search *search = &self._search
        cdef Segment segment = self._searcher._segments[number]
        cdef const uint8_t[::1] sources
        search.articles = segment.articles
        search.low, search.high = 0, segment.articles
        if since or until:
            search.low = first_day(segment, since if since else 1)
            if until:
                search.high = first_day(segment, <uint64_t>until + 1)
        search.titles = &segment._titles[0]
        search.sources = &segment._sources[0]
        search.days = &segment._days[0]
        search.live = NULL if segment._all_live else &segment._live[0]
        search.wanted = NULL
        if wanted is not None and len(wanted):
            sources = wanted
            search.wanted = &sources[0]
            search.wanted_count = <uint32_t>sources.shape[0]
        search.restricted = wanted is not None or not segment._all_live
        search.order = order
        search.scale = self._searcher._scale
        norms = <Norms>self._searcher._norms[number]
        search.norms = <PyObject *>norms
        search.norm = norms._norm
        search.coarse, search.title_shift = norms._coarse, norms._title_shift
        search.normed = norms._made
        search.bordered = NULL
        search.deadline = deadline
        search.total = 0
        return search.low < search.high and (wanted is None or len(wanted) > 0)

    cdef ask(self, Py_ssize_t number, uint32_t since, uint32_t until, wanted, uint32_t limit, int order,
             list filters, list chosen, uint64_t deadline):
        """Ask one segment."""
        cdef Search *search = &self._search
        cdef Segment segment = self._searcher._segments[number]
        cdef int failed
        if not self.enter(number, since, until, wanted, order, deadline) or not self._plan(number, filters, chosen):
            return
        if self._bordered:
            if segment._border_ends is None:
                raise ValueError("a segment without borders")
            search.bordered = (<Norms>self._searcher._norms[number])._bordered
            search.border_ends = &segment._border_ends[0]
            search.border_count = <uint32_t>segment._borders.shape[0]
            search.borders = &segment._borders[0] if search.border_count else NULL
        self._make_room(min(limit, search.high - search.low), limit)
        with nogil:
            failed = answer(search, self._step_count)
        self._raise(failed)
        self.total += search.total
        self._take(number, limit)
        self._clear()

    cdef _raise(self, int failed):
        """Raise what a function means by what it returned."""
        if failed == NO_MEMORY:
            raise MemoryError
        if failed == RAISED:
            raise (<Norms><object>self._search.norms)._failure
        if failed == EXPIRED:
            raise Exhausted("time")
        if failed == TOO_MUCH:
            raise Exhausted("room")
        if failed < 0:
            raise Damage("the postings of a term contradict themselves")

    cdef bint _plan(self, Py_ssize_t segment, list filters, list chosen) except -1:
        """Make nodes for one segment of what can match there; False where nothing can."""
        cdef Search *search = &self._search
        cdef uint32_t at, part, depth = 0, used = 0, child, kept
        cdef Step *step
        cdef Node *node
        cdef bint missing
        search.terms = 0
        for at in range(self._step_count):
            step = &self._steps[at]
            node = &search.nodes[at]
            node.kind = step.kind
            node.kept = &search.kept
            node.count = 0
            node.weight = step.weight * step.factor
            node.distance, node.scope, node.ordered = step.distance, step.scope, step.ordered
            node.exact = step.kind in (WORD, EVERYTHING, DAYS, CHOSEN)
            if step.kind in (EVERYTHING, DAYS, CHOSEN):
                self._stack[depth] = at if self._plan_articles(step, node, segment, chosen) else NONE
                depth += 1
                continue
            node.children = self._children + used
            used += step.count
            if step.kind in (WORD, PHRASE, SPOT):
                self._stack[depth] = at if self._plan_words(step, node, segment, filters) else NONE
                depth += 1
                continue
            depth -= step.count
            kept = 0
            missing = False
            node.exact = ALL_OF <= step.kind <= ALL_BUT
            for part in range(step.count):
                child = self._stack[depth + part]
                if child != NONE:
                    node.children[kept] = child
                    node.exact = node.exact and search.nodes[child].exact
                    kept += 1
                elif step.kind not in (ANY_OF, UNION) and (step.kind != ALL_BUT or part == 0):
                    missing = True
            node.count = kept
            if missing or kept == 0:
                self._stack[depth] = NONE
            elif kept == 1 and ALL_OF <= step.kind <= ALL_BUT:
                self._stack[depth] = node.children[0]
            else:
                self._stack[depth] = at
            depth += 1
        search.root = self._stack[0]
        return search.root != NONE

    cdef bint _plan_articles(self, const Step *step, Node *node, Py_ssize_t segment, list chosen) except -1:
        """A node that holds of whole articles; False where it holds of none."""
        cdef Segment columns = self._searcher._segments[segment]
        cdef const uint8_t[::1] bits
        if step.kind == DAYS:
            node.low = first_day(columns, step.since if step.since else 1)
            node.high = first_day(columns, <uint64_t>step.until + 1) if step.until else columns.articles
            return node.low < node.high
        if step.kind == CHOSEN:
            found = chosen[step.distance][segment]
            if found is None:
                return False
            bits = found
            node.chosen = &bits[0]
        return True

    cdef bint _plan_words(self, const Step *step, Node *node, Py_ssize_t segment, list filters) except -1:
        """A node of words with their cursors; False where it can match nothing."""
        cdef Search *search = &self._search
        cdef Dictionary dictionary = self._searcher._dictionaries[segment]
        cdef uint32_t limit = (<Segment>self._searcher._segments[segment]).articles
        cdef uint32_t word, stem
        cdef Cursor *cursor
        cdef const uint8_t[::1] forms
        if step.kind == PHRASE and step.count == 1:
            node.kind, node.exact = WORD, True
        node.first = search.terms
        node.next = self._nexts + 2 * step.first
        node.active = node.next + step.count
        if step.kind != SPOT:
            node.weight = 0
            for word in range(step.first, step.first + step.count):
                if self._terms[self._words[word]][segment].number == NONE:
                    return False
        for word in range(step.first, step.first + step.count):
            stem = self._words[word]
            if self._terms[stem][segment].number == NONE:
                continue
            search.filters[search.terms] = NULL
            if self._filters[word] >= 0:
                found = filters[self._filters[word]]
                if not found:
                    continue
                forms = found
                search.filters[search.terms] = &forms[0]
                search.filter_sizes[search.terms] = <uint32_t>forms.shape[0]
            cursor = &search.cursors[search.terms]
            cursor.limit = limit
            cursor.weight = self._weights[stem]
            cursor.stretch = self._searcher._stretches[segment]
            bring_term(dictionary, &self._terms[stem][segment], node.kind == PHRASE or step.placed, cursor)
            if step.kind != SPOT:
                node.weight += cursor.weight
            node.next[node.count] = 0
            node.count += 1
            search.terms += 1
        if step.kind == SPOT:
            node.unfiltered = True
            for word in range(node.first, search.terms):
                node.unfiltered = node.unfiltered and search.filters[word] == NULL
            node.exact = node.unfiltered and step.scope == ANYWHERE
        return node.count > 0

    cdef _make_room(self, uint32_t room, uint32_t limit):
        """For the best of one segment; what cannot be among the best of all any more is not wanted."""
        cdef Best *best = &self._search.best
        self._clear()
        best.size = 0
        best.room = room
        best.strict = False
        best.floor = 0.0 if self._search.order == RELEVANCE else -1e300
        if limit and self._hit_count >= limit:
            best.floor = self._hits[limit - 1].score
        best.score = <double *>malloc((<size_t>room + 1) * sizeof(double))
        best.article = <uint32_t *>malloc((<size_t>room + 1) * sizeof(uint32_t))
        if best.score == NULL or best.article == NULL:
            raise MemoryError

    cdef _take(self, uint32_t segment, uint32_t limit):
        """Put the best of a segment among those of all."""
        cdef Best *best = &self._search.best
        cdef uint32_t at
        for at in range(best.size):
            if self._keep(best.score[at], segment, best.article[at]) < 0:
                raise MemoryError
        self._sort(limit)

    cdef int _keep(self, double score, uint32_t segment, uint32_t article) noexcept nogil:
        """Add a hit behind all others."""
        cdef Hit *hit
        cdef void *grown
        if self._hit_count == self._hit_room:
            grown = realloc(self._hits, (2 * self._hit_room + 64) * sizeof(Hit))
            if grown == NULL:
                return NO_MEMORY
            self._hits = <Hit *>grown
            self._hit_room = 2 * self._hit_room + 64
        hit = &self._hits[self._hit_count]
        hit.score = score
        hit.day = UNKNOWN
        hit.segment = segment
        hit.article = article
        self._hit_count += 1
        return 0

    cdef _sort(self, uint32_t limit):
        """Put the hits in order, and drop those that are not among the best."""
        cdef size_t at, needed
        qsort(self._hits, self._hit_count, sizeof(Hit), compare_hits)
        for at in range(1, self._hit_count):
            if (self._hits[at].score == self._hits[at - 1].score
                    and self._hits[at].segment != self._hits[at - 1].segment):
                self._find_days()
                qsort(self._hits, self._hit_count, sizeof(Hit), compare_hits)
                break
        if self._hit_count > limit:
            # What equals the last of them may yet take its place.
            needed = limit
            while needed and needed < self._hit_count and equal(&self._hits[needed], &self._hits[limit - 1]):
                needed += 1
            self._hit_count = needed

    cdef _find_days(self):
        """Have the days of the hits: only where articles of two segments score the same do they matter.

        By day they are in the scores already.
        """
        cdef size_t at
        cdef Hit *hit
        cdef Segment segment
        for at in range(self._hit_count):
            hit = &self._hits[at]
            if hit.day == UNKNOWN:
                segment = self._searcher._segments[hit.segment]
                if self._search.order != RELEVANCE:
                    hit.day = 0
                    continue
                if segment._verify_day is not None:
                    segment._verify_day(hit.article)
                hit.day = segment._days[hit.article]

    cdef best(self, int order, uint32_t limit):
        cdef size_t at
        cdef list found = []
        for at in range(1, self._hit_count):
            if (self._hits[at].segment != self._hits[at - 1].segment
                    and equal(&self._hits[at], &self._hits[at - 1])):
                self.tied = True
        for at in range(self._hit_count if self.tied else min(self._hit_count, <size_t>limit)):
            found.append((self._hits[at].score if order == RELEVANCE else 0.0, self._hits[at].segment,
                          self._hits[at].article))
        return found


cdef inline bint equal(const Hit *one, const Hit *other) noexcept nogil:
    return one.score == other.score and one.day == other.day


cdef check_list(values, Py_ssize_t least):
    """Raise ValueError unless these are so many bytes or Nones in a list."""
    if not isinstance(values, list) or len(<list>values) < least:
        raise ValueError("a list of the query is too short")
    for value in <list>values:
        if value is not None and not isinstance(value, bytes):
            raise ValueError("a list of the query holds something else than bytes")


cdef uint32_t first_day(Segment segment, uint64_t day) noexcept:
    """The first article of that day or a later one."""
    cdef uint32_t low = 0, high = segment.articles, middle
    while low < high:
        middle = low + (high - low) // 2
        if segment._days[middle] < day:
            low = middle + 1
        else:
            high = middle
    return low


cdef uint64_t live_articles(Segment segment, Dictionary dictionary, uint32_t term) except? 0xFFFFFFFFFFFFFFFF:
    """In how many live articles a term stands."""
    cdef Cursor cursor
    cdef uint64_t count = 0
    cdef uint32_t block, at, article
    cursor.limit = segment.articles
    cursor.weight = cursor.stretch = 1
    dictionary.fill(term, False, &cursor)
    for block in range(cursor.blocks + (cursor.rest > 0)):
        if load_block(&cursor, block) < 0 or list_block(&cursor) < 0:
            raise Damage("the postings of a term contradict themselves")
        for at in range(cursor.held):
            article = cursor.article[at]
            count += (segment._live[article >> 3] >> (article & 7)) & 1
    return count


cdef int answer(Search *search, uint32_t node_count) noexcept nogil:
    """Answer in the quickest of the ways that the tree allows."""
    cdef Node *root = &search.nodes[search.root]
    cdef uint32_t at
    cdef int kind
    cdef bint leaves = root.kind == WORD or root.kind == PHRASE or needs_all(search, root)
    if root.kind == ANY_OF or root.kind == ALL_OF:
        leaves = True
        for at in range(root.count):
            kind = search.nodes[root.children[at]].kind
            leaves = leaves and (kind == WORD or (root.kind == ALL_OF and (
                kind == PHRASE or needs_all(search, &search.nodes[root.children[at]]))))
    if leaves and (root.kind == ANY_OF or root.kind == WORD):
        return any_of(search, root)
    if leaves:
        return all_of(search, root)
    return tree(search, node_count)
