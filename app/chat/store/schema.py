"""The tables, as numbered migrations. Released ones are never changed: a new one is appended.

Times are milliseconds since 1970, UTC. A message is visible when the path that is shown goes
through it: `chosen` of a message is the reply that is shown below it, `first` of a conversation the
message it begins with. So the path is the visible messages in the order of their ids (a reply's id
is greater than its parent's), and every branch remembers where it was left.

`trashed` of a conversation is when it was put in the trash; 0 means that it is deleted and its rows
are still being removed, -1 that it is being taken in and not complete. Nobody sees these two.
"""

APPLICATION_ID = 0x474C4D43  # "GLMC"

_TREE = """
CREATE TABLE folder(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  position INTEGER NOT NULL
) STRICT;

CREATE TABLE conversation(
  id INTEGER PRIMARY KEY,
  folder INTEGER REFERENCES folder(id) ON DELETE SET NULL,
  title TEXT NOT NULL,
  title_origin TEXT NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  pinned INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0,
  trashed INTEGER,
  first INTEGER,
  persona TEXT NOT NULL DEFAULT '',
  system_prompt TEXT NOT NULL DEFAULT '',
  settings TEXT NOT NULL DEFAULT '{}',
  draft TEXT NOT NULL DEFAULT '',
  source TEXT UNIQUE
) STRICT;
CREATE INDEX conversation_shelf ON conversation(archived, pinned DESC, changed DESC, id DESC)
  WHERE trashed IS NULL;
CREATE INDEX conversation_trashed ON conversation(trashed) WHERE trashed IS NOT NULL;
CREATE INDEX conversation_folder ON conversation(folder);

CREATE TABLE message(
  id INTEGER PRIMARY KEY,
  conversation INTEGER NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
  parent INTEGER,
  role TEXT NOT NULL,
  state TEXT NOT NULL,
  created INTEGER NOT NULL,
  characters INTEGER NOT NULL DEFAULT 0,
  chosen INTEGER,
  visible INTEGER NOT NULL DEFAULT 0,
  deletion INTEGER
) STRICT;
CREATE INDEX message_reply ON message(conversation, parent, id, deletion);
CREATE INDEX message_path ON message(conversation, id) WHERE visible = 1;
CREATE INDEX message_streaming ON message(id) WHERE state = 'streaming';
CREATE INDEX message_deletion ON message(deletion) WHERE deletion IS NOT NULL;

CREATE TABLE part(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  data TEXT,
  UNIQUE(message, ordinal)
) STRICT;

CREATE TABLE piece(
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  data TEXT
) STRICT;

CREATE TABLE making(
  message INTEGER PRIMARY KEY REFERENCES message(id) ON DELETE CASCADE,
  model TEXT NOT NULL,
  quantization TEXT NOT NULL,
  sampling TEXT NOT NULL,
  seed INTEGER,
  timings TEXT NOT NULL,
  reason TEXT NOT NULL,
  raw BLOB
) STRICT;

CREATE TABLE deletion(
  id INTEGER PRIMARY KEY,
  conversation INTEGER NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
  root INTEGER NOT NULL,
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX deletion_conversation ON deletion(conversation);

CREATE TABLE moved(
  deletion INTEGER NOT NULL REFERENCES deletion(id) ON DELETE CASCADE,
  message INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,
  PRIMARY KEY(deletion, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX moved_message ON moved(message);

CREATE TABLE fact(
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

# The index keeps no copy of the texts. Parts up to the fact "indexed" are in it, titles when they
# equal indexed_title.
_SEARCH = """
CREATE VIRTUAL TABLE part_index USING fts5(
  name, text, content='', tokenize='unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE title_index USING fts5(
  title, content='', tokenize='unicode61 remove_diacritics 2'
);
INSERT INTO fact VALUES('indexed', '0');
ALTER TABLE conversation ADD COLUMN indexed_title TEXT;
CREATE INDEX conversation_to_index ON conversation(id) WHERE indexed_title IS NOT title;
"""

MIGRATIONS: tuple[str, ...] = (_TREE, _SEARCH)
"""Number n brings a database of version n to version n + 1."""
