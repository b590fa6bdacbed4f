-- What v0.2.0 writes and reads beside what v0.1.0 does. Never changed once released.
INSERT INTO accounts (app_id, name, mode, app_secret_sealed, token_sealed, state_since, created_at, updated_at, variables, verified, refused_kinds, send_quota, forward_sealed) VALUES ('wxnew{n}', 'A', 'plain', 'sealed', 'sealed', 1, 1, 1, '{"shop": "A"}', true, DEFAULT, NULL, 'sealed');
UPDATE accounts SET variables = '{}', verified = false, refused_kinds = '["video"]', send_quota = '{"at": 1}', forward_sealed = NULL WHERE app_id = 'wxnew{n}';
INSERT INTO followers (app_id, open_id, updated_at, facts, facts_at) VALUES ('wxnew{n}', 'o1', 1, '{"tags": []}', 1) ON CONFLICT (app_id, open_id) DO UPDATE SET facts = '{}', facts_at = 2;
INSERT INTO account_tags (app_id, name, tag_id) VALUES ('wxnew{n}', 'vip', 100) ON CONFLICT (app_id, name) DO UPDATE SET tag_id = 100;
INSERT INTO api_tokens (id, name, role, hash, created_by, created_at, expires_at, last_used_at) VALUES ('tok{n}', 'laptop', 'operator', 'hash{n}', 'admin', 1, NULL, NULL);
UPDATE api_tokens SET last_used_at = 2 WHERE hash = 'hash{n}';
INSERT INTO sessions (hash, user_name, created_at, expires_at) VALUES ('hash{n}', 'lin', 1, 9);
INSERT INTO settings (name, value, updated_at) VALUES ('engine{n}', 'id', 1) ON CONFLICT (name) DO UPDATE SET value = 'id', updated_at = 2;
INSERT INTO users (name, role, password_hash, created_at, updated_at, disabled_at) VALUES ('lin{n}', 'admin', 'hash', 1, 1, NULL);
UPDATE users SET role = 'viewer', password_hash = 'other', updated_at = 2, disabled_at = 2 WHERE name = 'lin{n}';
