/* Process 1 of a guest: makes the system calls that the host asks for, and shows what the kernel shows of them. */
int main(void)
{
        return 0;
}
