ALTER TABLE "accounts" ADD COLUMN "keep_texts" integer;--> statement-breakpoint
ALTER TABLE "inbox" ADD COLUMN "kept_text" text;--> statement-breakpoint
CREATE INDEX "inbox_kept_texts" ON "inbox" USING btree ("app_id","received_at") WHERE "inbox"."kept_text" IS NOT NULL;