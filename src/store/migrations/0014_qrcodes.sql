CREATE TABLE "qrcodes" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"app_id" text NOT NULL,
	"scene" text NOT NULL,
	"ticket" text NOT NULL,
	"url" text NOT NULL,
	"campaign" text,
	"expires_at" bigint,
	"created_at" bigint NOT NULL,
	"created_by" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "qrcodes_by_account" ON "qrcodes" USING btree ("app_id","id");