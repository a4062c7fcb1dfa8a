-- Remembers in which chats a caller reads, and when: the last ones.
-- KEYS[4]: the chats of the caller. ARGV[3...]: how many are kept, for how many
-- milliseconds, the chats.

for place = 5, #ARGV do
  redis.call('ZADD', KEYS[4], text(wall), ARGV[place])
end
redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -1 - tonumber(ARGV[3]))
redis.call('PEXPIRE', KEYS[4], ARGV[4])
return 1
