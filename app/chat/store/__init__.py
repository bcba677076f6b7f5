"""The chats on disk: SQLite, one thread that writes, and nothing lost.

    store = ChatStore(paths.chats_dir(), on_status=…)   # unsaved writes, and why
    store.start()                                       # store.opening tells how it went
    chat, _ = store.conversations.create(title)         # ids at once, futures for "on disk"
    question, asked = store.messages.ask(chat, leaf, (TextPart(text),))
    asked.result()                                      # not on the GUI thread: add_done_callback
    answer, begun = store.messages.begin_answer(chat, question)   # feed it what is streamed
    heads = store.read.path(chat)                       # the outline, 10,000 in about 20 ms
    parts = store.read.parts([head.id for head in heads[-30:]])
    found = store.search.find(query)                    # hits: messages.show(id) for other versions

Who calls what where: commands and streams from any thread, `read` and `search` on worker threads.
Futures run their callbacks on the store thread.
"""
