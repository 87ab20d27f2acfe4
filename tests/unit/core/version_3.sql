-- A file as version 3 of the schema made it.

PRAGMA application_id = 1129601091;
PRAGMA user_version = 3;

CREATE TABLE conversations ( key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, namespace TEXT NOT NULL, quality REAL NOT NULL, captured_at_us INTEGER NOT NULL, created_at_us INTEGER NOT NULL, updated_at_us INTEGER NOT NULL, turn_count INTEGER NOT NULL, entity_count INTEGER NOT NULL, file_path TEXT, title TEXT NOT NULL, content TEXT NOT NULL ) STRICT;
CREATE INDEX conversations_recent ON conversations (captured_at_us);
CREATE INDEX conversations_recent_in ON conversations (namespace, captured_at_us);
CREATE VIRTUAL TABLE conversations_text USING fts5 ( title, content, content = 'conversations', content_rowid = 'key', tokenize = 'unicode61', detail = full );
CREATE TRIGGER conversations_inserted AFTER INSERT ON conversations BEGIN INSERT INTO conversations_text (rowid, title, content) VALUES (new.key, new.title, new.content); END;
CREATE TRIGGER conversations_deleted AFTER DELETE ON conversations BEGIN INSERT INTO conversations_text (conversations_text, rowid, title, content) VALUES ('delete', old.key, old.title, old.content); END;
CREATE TRIGGER conversations_rewritten AFTER UPDATE OF title, content ON conversations WHEN old.title IS NOT new.title OR old.content IS NOT new.content BEGIN INSERT INTO conversations_text (conversations_text, rowid, title, content) VALUES ('delete', old.key, old.title, old.content); INSERT INTO conversations_text (rowid, title, content) VALUES (new.key, new.title, new.content); END;
CREATE TABLE patterns ( key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, namespace TEXT NOT NULL, type TEXT NOT NULL, confidence REAL NOT NULL, observation_count INTEGER NOT NULL, success_rate REAL NOT NULL, learned_at_us INTEGER NOT NULL, created_at_us INTEGER NOT NULL, updated_at_us INTEGER NOT NULL, source_conversation_id TEXT, tags TEXT NOT NULL, examples TEXT NOT NULL, related_ids TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL ) STRICT;
CREATE INDEX patterns_trusted ON patterns (confidence);
CREATE INDEX patterns_trusted_in ON patterns (namespace, confidence);
CREATE INDEX patterns_source ON patterns (source_conversation_id);
CREATE VIRTUAL TABLE patterns_text USING fts5 ( name, content, content = 'patterns', content_rowid = 'key', tokenize = 'unicode61', detail = full );
CREATE TRIGGER patterns_inserted AFTER INSERT ON patterns BEGIN INSERT INTO patterns_text (rowid, name, content) VALUES (new.key, new.name, new.content); END;
CREATE TRIGGER patterns_deleted AFTER DELETE ON patterns BEGIN INSERT INTO patterns_text (patterns_text, rowid, name, content) VALUES ('delete', old.key, old.name, old.content); END;
CREATE TRIGGER patterns_rewritten AFTER UPDATE OF name, content ON patterns WHEN old.name IS NOT new.name OR old.content IS NOT new.content BEGIN INSERT INTO patterns_text (patterns_text, rowid, name, content) VALUES ('delete', old.key, old.name, old.content); INSERT INTO patterns_text (rowid, name, content) VALUES (new.key, new.name, new.content); END;
CREATE TABLE context_items ( key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, namespace TEXT NOT NULL, relevance REAL NOT NULL, tier INTEGER NOT NULL, source_id TEXT, relevance_reason TEXT, created_at_us INTEGER NOT NULL, content TEXT NOT NULL ) STRICT;
CREATE INDEX context_items_relevant ON context_items (relevance);
CREATE INDEX conversations_ranked ON conversations (key, namespace, quality, captured_at_us);
